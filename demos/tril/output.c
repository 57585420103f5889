/* Files that take the place of others. */
#include "output.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "names.h"

bool output_open(output *o, const char *path)
{
    struct stat about;
    *o = (output){ .path = path };
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        o->to = fopen(path, "w");
    } else {
        o->temporary = text_join(path, ".tmp");
        o->to = o->temporary ? fopen(o->temporary, "w") : NULL;
    }
    return o->to;
}

bool output_keep(output *o)
{
    if (fflush(o->to) || ferror(o->to))
        return false;
    if (o->temporary && rename(o->temporary, o->path))
        return false;
    free(o->temporary);
    o->temporary = NULL;
    return true;
}

bool output_close(output *o)
{
    const bool failed = o->to && ferror(o->to);
    if (o->to && o->temporary)
        remove(o->temporary);
    const bool closed = !o->to || fclose(o->to) == 0;
    free(o->temporary);
    *o = (output){ 0 };
    return closed && !failed;
}
