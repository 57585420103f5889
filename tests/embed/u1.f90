! The same as u1.c in Fortran, with tril.f90.
program u1
  use tril
  implicit none
  integer, parameter :: n = 500
  real(tril_real), target :: x(2, n), y(3, n)
  real(c_double), target :: nll(n)
  type(c_ptr) :: ctx, params, fit
  type(tril_ctx_opts) :: ctx_opts
  type(tril_mlp_opts) :: mlp
  type(tril_head_opts) :: head
  type(tril_fit_opts) :: opts
  type(tril_network) :: net
  type(tril_evaluation) :: evaluation
  type(tril_scaler) :: sx, sy
  logical(c_bool) :: done
  integer :: i
  real(c_double) :: u, v

  do i = 1, n
    u = even(1)
    v = even(229)
    x(:, i) = real([u, v], tril_real)
    y(1, i) = real(u * v + 0.2d0 * even(63), tril_real)
    y(2, i) = real(u * u - v + (0.1d0 + u) * even(137), tril_real)
    y(3, i) = real(y(2, i) + sin(6 * u) + 0.3d0 * even(209), tril_real)
  end do

  ctx_opts%seed = 7
  ctx = tril_ctx_new(ctx_opts)
  done = tril_scaler_fit(ctx, sx, x, c_null_ptr, int(n, c_size_t), 2_c_size_t, c_null_ptr)
  call tril_scaler_apply(sx, x, int(n, c_size_t))
  done = tril_scaler_fit(ctx, sy, y, c_null_ptr, int(n, c_size_t), 3_c_size_t, c_null_ptr)
  call tril_scaler_apply(sy, y, int(n, c_size_t))
  params = tril_params_new(ctx)
  mlp%inputs = 2
  mlp%hidden(1) = 32
  net = tril_network_new(params, 3_c_size_t, mlp, head)
  opts%epochs = 50
  opts%seed = 7
  opts%lr = 1d-2
  fit = tril_fit_new(net, tril_batch(c_loc(x), c_loc(y), n, c_null_ptr), opts)
  done = tril_fit_run(fit, c_null_funptr, c_null_ptr)
  evaluation%nll = c_loc(nll)
  done = tril_evaluate(net, 1_c_size_t, tril_batch(c_loc(x), c_loc(y), n, c_null_ptr), evaluation)
  if (tril_ctx_failed(ctx)) then
    print '(a)', tril_message(ctx)
    error stop
  end if
  print '(a, f0.3)', 'NLL ', sum(nll) / n + tril_scaler_log_scale(sy)
  call tril_fit_free(fit)
  call tril_params_free(params)
  call tril_scaler_free(sx)
  call tril_scaler_free(sy)
  call tril_ctx_free(ctx)

contains

  real(c_double) function even(step)
    integer, intent(in) :: step
    even = (mod((i - 1) * step, n) + 0.5d0) / n
  end function
end program
