/* The checksum of a file of tensors: eight digits in its header. */
#include <string.h>

#include "io/tensors.h"

uint32_t tril_crc32(uint32_t before, const void *bytes, size_t n)
{
    uint32_t crc = ~before;
    for (const unsigned char *p = bytes; n--; p++) {
        crc ^= *p;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

char *tril_crc_digits(char *header, size_t length)
{
    /* as a key: within one, or in a text, a quote has a backslash */
    static const char mark[] = "\"" TRIL_CRC_NOTE "\":\"";
    const size_t size = sizeof mark - 1;
    for (size_t i = 1; i + size + TRIL_CRC_DIGITS <= length; i++)
        if (header[i - 1] != '\\' && memcmp(header + i, mark, size) == 0)
            return header + i + size;
    return NULL;
}
