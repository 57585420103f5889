/* Inside of a set of tensors. */
#ifndef TRIL_IO_TENSORS_H
#define TRIL_IO_TENSORS_H

#include <tril/tensors.h>

#include "core/names.h"

typedef struct tensor_entry {
    tril_tensor about;
    size_t size;       /* in bytes */
    const char *bytes; /* as in files, not aligned to anything */
} tensor_entry;

typedef struct note_entry {
    const char *name, *text;
} note_entry;

struct tril_tensors {
    tril_ctx *ctx;
    tril_arena arena;   /* names, notes, and what was put */
    const char *source; /* the culprit of sentences: the file, if they are from one */
    tril_names names, note_names;
    tensor_entry *entries;
    note_entry *notes;
    size_t count, capacity, note_count, note_capacity;
    char *data; /* of the file, if they are from one */
};

bool tril_is_utf8(const char *text);

/* Turns numbers of so many bytes from the machine's order of bytes into that of files, which is
 * little-endian, or back: where they are the same it does nothing. */
void tril_tensors_turn(void *numbers, size_t n, size_t width);

/* Of one number, in bytes; and a type's name in files. */
size_t tril_dtype_size(tril_dtype dtype);
const char *tril_dtype_name(tril_dtype dtype);

/* The same as _put and _note for names and texts that are known to be UTF-8 and to be there once;
 * bytes are not copied. */
bool tril_tensors_add(tril_tensors *tensors, const char *name, tril_dtype dtype, tril_shape shape,
                      const char *bytes);
bool tril_tensors_add_metadata(tril_tensors *tensors, const char *name, const char *text);

/* The note with a file's checksum: CRC-32 as in zlib, in hexadecimal, of the whole file with zeros
 * for these digits. It is the file's alone: tensors that are read lose it. */
#define TRIL_CRC_NOTE "tril.crc32"
enum { TRIL_CRC_DIGITS = 8 };

/* Of bytes that follow others, whose checksum is `before`; 0 for none. And where the digits stand
 * in a header, NULL in one without. */
uint32_t tril_crc32(uint32_t before, const void *bytes, size_t n);
char *tril_crc_digits(char *header, size_t length);

/* Writes prefix and name, one behind the other; false, after failing, where that is too long. */
enum { TRIL_TENSOR_NAME_ROOM = 512 };
bool tril_tensors_join(const tril_tensors *tensors, char room[TRIL_TENSOR_NAME_ROOM],
                       const char *prefix, const char *name);

/* Whether a _get would succeed; fails otherwise. */
bool tril_tensors_fit(const tril_tensors *tensors, const char *name, tril_dtype dtype,
                      tril_shape shape);

#endif
