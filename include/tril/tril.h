/* Tril: small density networks in C. This header includes all others but extend.h, for authors of
 * operations and distributions, and mpi.h. Most open with a program that compiles and runs. */
#ifndef TRIL_H
#define TRIL_H

#include <tril/ctx.h>
#include <tril/distributions.h>
#include <tril/evaluate.h>
#include <tril/file.h>
#include <tril/fit.h>
#include <tril/gradcheck.h>
#include <tril/model.h>
#include <tril/nn.h>
#include <tril/ops.h>
#include <tril/optim.h>
#include <tril/params.h>
#include <tril/random.h>
#include <tril/scaler.h>
#include <tril/search.h>
#include <tril/shape.h>
#include <tril/shards.h>
#include <tril/table.h>
#include <tril/tape.h>
#include <tril/tensors.h>

#endif
