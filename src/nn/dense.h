/* Inside of the dense layer. */
#ifndef TRIL_NN_DENSE_H
#define TRIL_NN_DENSE_H

#include <tril/nn.h>

struct tril_dense {
    tril_param weight, bias;
    tril_activation activation;
};

#endif
