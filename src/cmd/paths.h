/* The files of a command. */
#ifndef CMD_PATHS_H
#define CMD_PATHS_H

#include <stddef.h>

/* What is done with a file: it is read, it is written, or it is replaced as a whole, which a pipe
 * or a terminal cannot be. */
typedef enum path_use { PATH_READ, PATH_WRITE, PATH_REPLACE } path_use;

/* A file as sentences name it, by its option and its path; path is NULL for none. */
typedef struct command_path {
    path_use use;
    const char *option, *path;
} command_path;

enum { PATHS_MAX = 8 };

/* Tries to open all files that will be written, and checks that none of them, and none of their
 * temporary files, takes the place of another file. To be called before any work. STATUS_DONE or,
 * after a sentence, the exit status. */
int paths_check(const char *program, const command_path *paths, size_t n);

/* The path of what is made of data, here: "data/iris.csv" and ".safetensors" are
 * "iris.safetensors". To be freed; NULL where memory ran out. */
char *path_default(const char *data, const char *ending);

#endif
