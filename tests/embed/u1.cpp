// The same as u1.c in C++20.
#include <cmath>
#include <cstdio>
#include <memory>
#include <tril/tril.h>
#include <vector>

template <auto free> struct freer {
    template <typename T> void operator()(T *object) const
    {
        free(object);
    }
};
using ctx_ptr = std::unique_ptr<tril_ctx, freer<tril_ctx_free>>;
using params_ptr = std::unique_ptr<tril_params, freer<tril_params_free>>;
using fit_ptr = std::unique_ptr<tril_fit, freer<tril_fit_free>>;

int main()
{
    constexpr int n = 500;
    std::vector<tril_real> x(n * 2), y(n * 3);
    for (int i = 0; i < n; i++) {
        const auto even = [i](int step) { return (i * step % n + 0.5) / n; };
        const double u = even(1), v = even(229);
        x[2 * i] = tril_real(u), x[2 * i + 1] = tril_real(v);
        y[3 * i] = tril_real(u * v + 0.2 * even(63));
        y[3 * i + 1] = tril_real(u * u - v + (0.1 + u) * even(137));
        y[3 * i + 2] = tril_real(y[3 * i + 1] + std::sin(6 * u) + 0.3 * even(209));
    }

    const tril_ctx_opts ctx_opts{ .seed = 7 };
    const ctx_ptr ctx(tril_ctx_new(&ctx_opts));
    tril_scaler sx{}, sy{};
    tril_scaler_fit(ctx.get(), &sx, x.data(), nullptr, n, 2, nullptr),
        tril_scaler_apply(&sx, x.data(), n);
    tril_scaler_fit(ctx.get(), &sy, y.data(), nullptr, n, 3, nullptr),
        tril_scaler_apply(&sy, y.data(), n);
    const params_ptr params(tril_params_new(ctx.get()));
    const tril_mlp_opts mlp{ .inputs = 2, .hidden = { 32 } };
    const tril_network net = tril_network_new(params.get(), 3, &mlp, nullptr);
    const tril_batch rows{ .x = x.data(), .y = y.data(), .n = n };
    const tril_fit_opts fit_opts{ .epochs = 50, .seed = 7, .lr = 1e-2 };
    const fit_ptr fit(tril_fit_new(&net, rows, &fit_opts));
    tril_fit_run(fit.get(), nullptr, nullptr);
    std::vector<double> nll(n);
    const tril_evaluation evaluation{ .nll = nll.data() };
    tril_evaluate(&net, 1, rows, &evaluation);

    const bool failed = tril_ctx_failed(ctx.get());
    if (failed)
        std::fprintf(stderr, "%s\n", tril_ctx_message(ctx.get()));
    else
        std::printf("NLL %.3f\n",
                    tril_mean_se_of(nll.data(), 1, nullptr, n).mean + tril_scaler_log_scale(&sy));
    tril_scaler_free(&sx), tril_scaler_free(&sy);
    return failed;
}
