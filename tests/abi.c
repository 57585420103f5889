/* Sizes of public structs with pointers of 64 bits: programs were built with them, so a number here
 * changes with the first number of the version only (tril/api.h). */
#include <tril/extend.h>
#include <tril/tril.h>

#define SIZE(type, size)                                                                           \
    _Static_assert(sizeof(void *) != 8 || sizeof(type) == (size),                                  \
                   #type " has another size than in programs that were built before")

SIZE(tril_allocator, 16);
SIZE(tril_ctx_opts, 64);
SIZE(tril_dist, 144);
SIZE(tril_evaluation, 176);
SIZE(tril_mean_se, 16);
SIZE(tril_line, 48);
SIZE(tril_network, 200);
SIZE(tril_batch, 32);
SIZE(tril_loss, 56);
SIZE(tril_schedule, 56);
SIZE(tril_fit_opts, 344);
SIZE(tril_fit_status, 128);
SIZE(tril_gradcheck_input, 48);
SIZE(tril_gradcheck_opts, 64);
SIZE(tril_gradcheck_report, 472);
SIZE(tril_model_opts, 320);
SIZE(tril_column, 56);
SIZE(tril_dataset, 112);
SIZE(tril_dataset_opts, 48);
SIZE(tril_components, 64);
SIZE(tril_prediction, 136);
SIZE(tril_dense_opts, 64);
SIZE(tril_mlp_opts, 184);
SIZE(tril_head_opts, 104);
SIZE(tril_clip, 32);
SIZE(tril_optim_opts, 88);
SIZE(tril_sgd_opts, 96);
SIZE(tril_adam_opts, 104);
SIZE(tril_natural_opts, 56);
SIZE(tril_param, 16);
SIZE(tril_array, 32);
SIZE(tril_random, 24);
SIZE(tril_scaler, 48);
SIZE(tril_shape, 40);
SIZE(tril_shape_str, 96);
SIZE(tril_shards_opts, 72);
SIZE(tril_dialect, 56);
SIZE(tril_table_column, 40);
SIZE(tril_var, 16);
SIZE(tril_backward_opts, 48);
SIZE(tril_tensor, 56);
SIZE(tril_group, 64);
SIZE(tril_trial, 760);
SIZE(tril_trials_opts, 64);
SIZE(tril_head_kind, 112);
SIZE(tril_optim_kind, 80);
