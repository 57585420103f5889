! Tril for Fortran: structs and calls for training a density network on arrays, see tril_fit(3) and tril_evaluate(3).
! A matrix of C is its transpose here: x(inputs, n), y(targets, n). Strings end in c_null_char. In double precision:
! sed 's/_f32/_f64/; s/c_float/c_double/' tril.f90, and -ltril_double.
module tril
  use, intrinsic :: iso_c_binding
  implicit none
  integer, parameter :: tril_real = c_float

  type, bind(c) :: tril_ctx_opts
    integer(c_int64_t) :: seed = 0
    type(c_funptr) :: resize = c_null_funptr
    type(c_ptr) :: user = c_null_ptr
    logical(c_bool) :: no_validation = .false.
    integer(c_int64_t) :: reserved(4) = 0
  end type
  type, bind(c) :: tril_param
    type(c_ptr) :: params = c_null_ptr
    integer(c_size_t) :: index = 0
  end type
  type, bind(c) :: tril_mlp_opts
    integer(c_size_t) :: inputs = 0, hidden(16) = 0, outputs = 0
    integer(c_int) :: activation = 0, init = 0
    integer(c_int64_t) :: reserved(4) = 0
  end type
  type, bind(c) :: tril_head_opts
    type(c_ptr) :: kind = c_null_ptr
    integer(c_int) :: diagonal = 0
    logical(c_bool) :: relative_off_diagonal = .false.
    real(c_double) :: floor = 0
    integer(c_size_t) :: rank = 0
    type(tril_param) :: shared
    integer(c_size_t) :: components = 0
    type(c_ptr) :: component = c_null_ptr
    logical(c_bool) :: natural = .false.
    integer(c_size_t) :: classes = 0
    integer(c_int64_t) :: reserved(3) = 0
  end type
  type, bind(c) :: tril_network
    type(c_ptr) :: mlp = c_null_ptr
    integer(c_size_t) :: targets = 0
    type(tril_head_opts) :: head
    type(tril_param) :: weight, bias, scale
    integer(c_int64_t) :: reserved(4) = 0
  end type
  type, bind(c) :: tril_batch
    type(c_ptr) :: x = c_null_ptr, y = c_null_ptr
    integer(c_size_t) :: n = 0
    type(c_ptr) :: w = c_null_ptr
  end type
  type, bind(c) :: tril_clip
    real(c_double) :: value = 0, norm = 0
    integer(c_int64_t) :: reserved(2) = 0
  end type
  type, bind(c) :: tril_schedule
    integer(c_int) :: kind = 0
    real(c_double) :: warmup = 0, factor = 0
    integer(c_size_t) :: every = 0
    real(c_double) :: floor = 0
    integer(c_int64_t) :: reserved(2) = 0
  end type
  type, bind(c) :: tril_fit_opts
    integer(c_size_t) :: epochs = 0, batch = 0
    integer(c_int64_t) :: seed = 0
    integer(c_size_t) :: threads = 0
    type(c_ptr) :: optim = c_null_ptr
    real(c_double) :: lr = 0, momentum = 0, weight_decay = 0
    type(tril_clip) :: clip
    type(tril_schedule) :: schedule
    real(c_double) :: average = 0
    type(c_ptr) :: loss = c_null_ptr
    real(c_double) :: beta = 0
    integer(c_size_t) :: warmup_epochs = 0
    type(tril_batch) :: validation
    real(c_double) :: validation_share = 0
    type(c_ptr) :: group = c_null_ptr
    integer(c_size_t) :: patience = 0
    logical(c_bool) :: keep_last = .false.
    real(c_double) :: input_noise = 0, target_noise = 0
    logical(c_bool) :: missing = .false., flat = .false., no_init = .false.
    type(c_ptr) :: ctx = c_null_ptr
    integer(c_int64_t) :: reserved(8) = 0
  end type
  type, bind(c) :: tril_evaluation
    type(c_ptr) :: nll = c_null_ptr, mean = c_null_ptr, sd = c_null_ptr, covariance = c_null_ptr
    type(c_ptr) :: spread = c_null_ptr, pit = c_null_ptr, level = c_null_ptr, levels = c_null_ptr
    integer(c_size_t) :: n_levels = 0
    type(c_ptr) :: quantile = c_null_ptr, correlation = c_null_ptr, weight = c_null_ptr
    type(c_ptr) :: crps = c_null_ptr, energy = c_null_ptr
    integer(c_int64_t) :: reserved(8) = 0
  end type
  type, bind(c) :: tril_scaler
    type(c_ptr) :: ctx = c_null_ptr
    integer(c_size_t) :: width = 0
    type(c_ptr) :: mean = c_null_ptr, scale = c_null_ptr
    integer(c_int64_t) :: reserved(2) = 0
  end type

  interface
    function tril_ctx_new(opts) bind(c, name="tril_ctx_new_f32") result(r)
      import
      type(tril_ctx_opts), intent(in) :: opts
      type(c_ptr) :: r
    end function
    subroutine tril_ctx_free(ctx) bind(c, name="tril_ctx_free_f32")
      import
      type(c_ptr), value :: ctx
    end subroutine
    function tril_ctx_failed(ctx) bind(c, name="tril_ctx_failed_f32") result(r)
      import
      type(c_ptr), value :: ctx
      logical(c_bool) :: r
    end function
    function tril_ctx_message(ctx) bind(c, name="tril_ctx_message_f32") result(r)
      import
      type(c_ptr), value :: ctx
      type(c_ptr) :: r
    end function
    subroutine tril_ctx_clear(ctx) bind(c, name="tril_ctx_clear_f32")
      import
      type(c_ptr), value :: ctx
    end subroutine
    function tril_params_new(ctx) bind(c, name="tril_params_new_f32") result(r)
      import
      type(c_ptr), value :: ctx
      type(c_ptr) :: r
    end function
    subroutine tril_params_free(params) bind(c, name="tril_params_free_f32")
      import
      type(c_ptr), value :: params
    end subroutine
    function tril_network_new(params, targets, mlp, head) &
        bind(c, name="tril_network_new_f32") result(r)
      import
      type(c_ptr), value :: params
      integer(c_size_t), value :: targets
      type(tril_mlp_opts), intent(in) :: mlp
      type(tril_head_opts), intent(in) :: head
      type(tril_network) :: r
    end function
    function tril_fit_new(net, rows, opts) bind(c, name="tril_fit_new_f32") result(r)
      import
      type(tril_network), intent(in) :: net
      type(tril_batch), value :: rows
      type(tril_fit_opts), intent(in) :: opts
      type(c_ptr) :: r
    end function
    function tril_fit_run(fit, progress, user) bind(c, name="tril_fit_run_f32") result(r)
      import
      type(c_ptr), value :: fit
      type(c_funptr), value :: progress
      type(c_ptr), value :: user
      logical(c_bool) :: r
    end function
    subroutine tril_fit_free(fit) bind(c, name="tril_fit_free_f32")
      import
      type(c_ptr), value :: fit
    end subroutine
    function tril_evaluate(members, n_members, rows, out) &
        bind(c, name="tril_evaluate_f32") result(r)
      import
      type(tril_network), intent(in) :: members
      integer(c_size_t), value :: n_members
      type(tril_batch), value :: rows
      type(tril_evaluation), intent(in) :: out
      logical(c_bool) :: r
    end function
    function tril_scaler_fit(ctx, scaler, x, w, rows, width, names) &
        bind(c, name="tril_scaler_fit_f32") result(r)
      import
      type(c_ptr), value :: ctx
      type(tril_scaler), intent(inout) :: scaler
      real(tril_real), intent(in) :: x(*)
      type(c_ptr), value :: w
      integer(c_size_t), value :: rows
      integer(c_size_t), value :: width
      type(c_ptr), value :: names
      logical(c_bool) :: r
    end function
    subroutine tril_scaler_apply(scaler, x, rows) bind(c, name="tril_scaler_apply_f32")
      import
      type(tril_scaler), intent(in) :: scaler
      real(tril_real), intent(inout) :: x(*)
      integer(c_size_t), value :: rows
    end subroutine
    subroutine tril_scaler_undo(scaler, x, rows) bind(c, name="tril_scaler_undo_f32")
      import
      type(tril_scaler), intent(in) :: scaler
      real(tril_real), intent(inout) :: x(*)
      integer(c_size_t), value :: rows
    end subroutine
    function tril_scaler_log_scale(scaler) bind(c, name="tril_scaler_log_scale_f32") result(r)
      import
      type(tril_scaler), intent(in) :: scaler
      real(c_double) :: r
    end function
    subroutine tril_scaler_free(scaler) bind(c, name="tril_scaler_free_f32")
      import
      type(tril_scaler), intent(inout) :: scaler
    end subroutine
    function tril_tensors_new(ctx) bind(c, name="tril_tensors_new_f32") result(r)
      import
      type(c_ptr), value :: ctx
      type(c_ptr) :: r
    end function
    subroutine tril_tensors_free(tensors) bind(c, name="tril_tensors_free_f32")
      import
      type(c_ptr), value :: tensors
    end subroutine
    function tril_tensors_write(tensors, path) bind(c, name="tril_tensors_write_f32") result(r)
      import
      type(c_ptr), value :: tensors
      character(kind=c_char), intent(in) :: path(*)
      logical(c_bool) :: r
    end function
    function tril_tensors_read(ctx, path) bind(c, name="tril_tensors_read_f32") result(r)
      import
      type(c_ptr), value :: ctx
      character(kind=c_char), intent(in) :: path(*)
      type(c_ptr) :: r
    end function
    function tril_tensors_put_params(tensors, prefix, params) &
        bind(c, name="tril_tensors_put_params_f32") result(r)
      import
      type(c_ptr), value :: tensors
      character(kind=c_char), intent(in) :: prefix(*)
      type(c_ptr), value :: params
      logical(c_bool) :: r
    end function
    function tril_tensors_put_scaler(tensors, name, scaler) &
        bind(c, name="tril_tensors_put_scaler_f32") result(r)
      import
      type(c_ptr), value :: tensors
      character(kind=c_char), intent(in) :: name(*)
      type(tril_scaler), intent(in) :: scaler
      logical(c_bool) :: r
    end function
    function tril_tensors_get_params(tensors, prefix, params) &
        bind(c, name="tril_tensors_get_params_f32") result(r)
      import
      type(c_ptr), value :: tensors
      character(kind=c_char), intent(in) :: prefix(*)
      type(c_ptr), value :: params
      logical(c_bool) :: r
    end function
    function tril_tensors_get_scaler(tensors, name, scaler) &
        bind(c, name="tril_tensors_get_scaler_f32") result(r)
      import
      type(c_ptr), value :: tensors
      character(kind=c_char), intent(in) :: name(*)
      type(tril_scaler), intent(inout) :: scaler
      logical(c_bool) :: r
    end function
  end interface

contains

  ! The context's sentence.
  function tril_message(ctx) result(text)
    type(c_ptr), value :: ctx
    character(len=:), allocatable :: text
    character(kind=c_char), pointer :: message(:)
    integer :: n
    call c_f_pointer(tril_ctx_message(ctx), message, [1024])
    n = 0
    do while (message(n + 1) /= c_null_char)
      n = n + 1
    end do
    allocate (character(len=n) :: text)
    text(:) = transfer(message(1:n), text)
  end function
end module
