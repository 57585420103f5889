/* Files that are replaced as a whole, wherever their paths lead. */
#define _XOPEN_SOURCE 700 /* setreuid */
#include <tril/file.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

enum { NOBODY = 65534, ROOM = 1024 };

static char folder[32], before[64]; /* the test's, which it works in; and the one before */

static void make_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    strcpy(address.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void begin(void)
{
    strcpy(folder, "/tmp/tril-file-XXXXXX");
    ck_assert(mkdtemp(folder) && getcwd(before, sizeof before) && !chdir(folder));
    ck_assert_int_eq(
        system("chmod 755 .; mkdir dir ro; chmod 555 ro; for f in real hard.tmp left.tmp; do echo "
               "old >$f; done; cp real kept; chmod 444 kept; ln hard.tmp other; ln -s real link; "
               "ln -s dir/../link chain; ln -s "
               "none dangling; ln -s loop loop; ln -s dir to_dir; mkfifo pipe fifo.tmp; ln -s real "
               "ln.tmp; mkdir dir.d.tmp"),
        0);
    make_socket("socket");
    make_socket("sock.tmp");
}

static void end(void)
{
    char line[64];
    snprintf(line, sizeof line, "rm -r %s", folder);
    ck_assert(!chdir(before) && !system(line));
}

/* all files, and when they changed */
static void take_stock(char text[ROOM * 4])
{
    FILE *out = popen("ls -ilR --full-time", "r");
    text[fread(text, 1, ROOM * 4 - 1, out)] = 0;
    pclose(out);
}

static size_t content(const char *path, char bytes[ROOM])
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f, "%s", path);
    const size_t n = fread(bytes, 1, ROOM, f);
    fclose(f);
    return n;
}

/* ---- the two that write: any text, and tensors */

static bool write_text(tril_ctx *ctx, const char *path)
{
    tril_file *file = tril_file_new(ctx, path);
    if (file)
        fputs("new\n", tril_file_stream(file));
    const bool kept = tril_file_keep(file);
    tril_file_free(file);
    return kept;
}

static bool write_tensors(tril_ctx *ctx, const char *path)
{
    const double numbers[4] = { 1, 2, 3, 4 };
    tril_tensors *t = tril_tensors_new(ctx);
    tril_tensors_put(t, "numbers", TRIL_F64, TRIL_SHAPE(4), numbers);
    const bool written = tril_tensors_write(t, path);
    tril_tensors_free(t);
    return written;
}

static bool (*const writers[])(tril_ctx *, const char *) = { write_text, write_tensors };
enum { WRITERS = sizeof writers / sizeof *writers };

/* ---- places */

static const char *const good[] = { "new", "real", "link", "chain", "left", "./dir/../new" };

START_TEST(test_good)
{
    char bytes[ROOM], wanted[ROOM];
    tril_ctx *ctx = tril_ctx_new(NULL);
    struct stat link, file;
    begin();
    ck_assert_int_eq(chmod("real", 0600), 0);
    for (int w = 0; w < WRITERS; w++) {
        ck_assert(writers[w](ctx, "dir/wanted"));
        const size_t n = content("dir/wanted", wanted);
        ck_assert_msg(writers[w](ctx, good[_i]), "%s", tril_ctx_message(ctx));
        ck_assert_uint_eq(content(good[_i], bytes), n);
        ck_assert_int_eq(memcmp(bytes, wanted, n), 0);
        ck_assert(lstat("link", &link) == 0 && S_ISLNK(link.st_mode));
        ck_assert(lstat("chain", &link) == 0 && S_ISLNK(link.st_mode));
        ck_assert(stat("real", &file) == 0 && (file.st_mode & 0777) == 0600);
        ck_assert(access("real.tmp", F_OK) && access("new.tmp", F_OK) && access("link.tmp", F_OK));
    }
    tril_ctx_free(ctx);
    end();
}
END_TEST

static const struct {
    const char *path;
    tril_status status;
    const char *sentence; /* behind the path */
} bad[] = {
    { "dangling", TRIL_BAD_ARGUMENT, "this is a link to a file that is not there" },
    { "loop", TRIL_BAD_FILE, "Too many levels of symbolic links" },
    { "pipe", TRIL_BAD_FILE, "no program reads this pipe" },
    { "socket", TRIL_BAD_ARGUMENT, "this is no regular file" },
    { "dir", TRIL_BAD_ARGUMENT, "this is a folder" },
    { "dir/", TRIL_BAD_ARGUMENT, "this is a folder" },
    { ".", TRIL_BAD_ARGUMENT, "this is a folder" },
    { "to_dir", TRIL_BAD_ARGUMENT, "this is a folder" },
    { "new/", TRIL_BAD_ARGUMENT, "this is the name of a folder" },
    { "none/new", TRIL_BAD_FILE, "No such file or directory" },
    { "real/new", TRIL_BAD_FILE, "Not a directory" },
    { "ro/new", TRIL_BAD_FILE, "Permission denied" },
    { "kept", TRIL_BAD_FILE, "Permission denied" },
    { "/dev/full", TRIL_BAD_FILE, "No space left on device" },
    { "ln", TRIL_BAD_FILE, "ln.tmp is in the way: remove it" },
    { "fifo", TRIL_BAD_FILE, "fifo.tmp is in the way: remove it" },
    { "sock", TRIL_BAD_FILE, "sock.tmp is in the way: remove it" },
    { "dir.d", TRIL_BAD_FILE, "dir.d.tmp is in the way: remove it" },
    { "hard", TRIL_BAD_FILE, "hard.tmp is in the way: remove it" },
};

START_TEST(test_bad)
{
    static char was[ROOM * 4], is[ROOM * 4];
    char sentence[128];
    tril_ctx *ctx = tril_ctx_new(NULL);
    begin();
    take_stock(was);
    snprintf(sentence, sizeof sentence, "%s: cannot be written: %s", bad[_i].path,
             bad[_i].sentence);
    /* root may write anywhere: for a while it is nobody */
    const bool root = geteuid() == 0 && !strcmp(bad[_i].sentence, "Permission denied");
    for (int w = 0; w < WRITERS; w++) {
        ck_assert(!root || (!setreuid(NOBODY, 0) && !seteuid(NOBODY)));
        const bool written = writers[w](ctx, bad[_i].path);
        ck_assert(!root || (!seteuid(0) && !setreuid(0, 0)));
        ck_assert(!written);
        ck_assert_str_eq(tril_ctx_message(ctx), sentence);
        ck_failed(ctx, bad[_i].status, bad[_i].path);
    }
    take_stock(is);
    ck_assert_str_eq(was, is);
    tril_ctx_free(ctx);
    end();
}
END_TEST

START_TEST(test_no_path)
{
    char path[TRIL_PATH_SIZE + 8], temporary[TRIL_PATH_SIZE];
    tril_ctx *ctx = tril_ctx_new(NULL);
    ck_assert_ptr_null(tril_file_new(ctx, NULL));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "file: no path was given");
    ck_assert_ptr_null(tril_file_new(ctx, ""));
    ck_failed(ctx, TRIL_BAD_ARGUMENT, "'': cannot be written: this is no name of a file");
    memset(path, '/', sizeof path);
    for (size_t length = TRIL_PATH_SIZE - 3; length < sizeof path; length += 4) {
        path[length] = 0;
        path[length - 1] = 'x';
        ck_assert_ptr_null(tril_file_new(ctx, path));
        ck_failed(ctx, TRIL_BAD_FILE, "//");
        path[length] = '/';
    }
    ck_assert(!tril_file_temporary(NULL, "x", temporary) && !*temporary);
    ck_assert(!tril_file_new(NULL, "x") && !tril_file_stream(NULL) && !tril_file_keep(NULL));
    tril_file_free(NULL);
    tril_ctx_free(ctx);
}
END_TEST

/* a pipe and a device take the bytes and stay what they are */
START_TEST(test_direct)
{
    char bytes[ROOM], wanted[ROOM], temporary[TRIL_PATH_SIZE] = "x";
    tril_ctx *ctx = tril_ctx_new(NULL);
    struct stat about;
    begin();
    for (int w = 0; w < WRITERS; w++) {
        ck_assert(writers[w](ctx, "new"));
        const int reader = open("pipe", O_RDONLY | O_NONBLOCK);
        ck_assert_msg(writers[w](ctx, "pipe"), "%s", tril_ctx_message(ctx));
        const size_t n = content("new", wanted);
        ck_assert_int_eq(read(reader, bytes, sizeof bytes), n);
        ck_assert_int_eq(memcmp(bytes, wanted, n), 0);
        close(reader);
        ck_assert(writers[w](ctx, "/dev/null"));
    }
    ck_assert(tril_file_temporary(ctx, "pipe", temporary) && !*temporary);
    ck_assert(lstat("pipe", &about) == 0 && S_ISFIFO(about.st_mode));
    ck_assert(lstat("/dev/null", &about) == 0 && S_ISCHR(about.st_mode));
    tril_ctx_free(ctx);
    end();
}
END_TEST

/* ---- what happens meanwhile */

START_TEST(test_not_kept)
{
    static char was[ROOM * 4], is[ROOM * 4];
    tril_ctx *ctx = tril_ctx_new(NULL);
    begin();
    take_stock(was);
    tril_file *file = tril_file_new(ctx, "link");
    fputs("new\n", tril_file_stream(file));
    ck_assert_int_eq(access("real.tmp", F_OK), 0);
    tril_file_free(file);
    take_stock(is);
    ck_assert_str_eq(was, is);

    /* where a folder has come to stand */
    file = tril_file_new(ctx, "new");
    ck_assert_int_eq(mkdir("new", 0700), 0);
    ck_assert(!tril_file_keep(file));
    tril_file_free(file);
    ck_failed(ctx, TRIL_BAD_FILE, "new: cannot be written: Is a directory");
    ck_assert(access("new.tmp", F_OK) && !rmdir("new"));
    tril_ctx_free(ctx);
    end();
}
END_TEST

/* what is written behind what was kept is kept too */
START_TEST(test_twice)
{
    char bytes[ROOM];
    tril_ctx *ctx = tril_ctx_new(NULL);
    begin();
    tril_file *file = tril_file_new(ctx, "real");
    for (int i = 0; i < 2; i++) {
        fputs("line\n", tril_file_stream(file));
        ck_assert_uint_eq(content("real", bytes), i ? 5 : 4);
        ck_assert(tril_file_keep(file));
        ck_assert_uint_eq(content("real", bytes), i ? 10 : 5);
    }
    tril_file_free(file);
    tril_ctx_free(ctx);
    end();
}
END_TEST

/* a disk that is full, at the end or in the midst */
START_TEST(test_full)
{
    static const char text[16384] = "";
    static const char *const sentences[] = { "real: cannot be written: File too large",
                                             "real: cannot be written: part of it is lost" };
    static char was[ROOM * 4], is[ROOM * 4];
    tril_ctx *ctx = tril_ctx_new(NULL);
    struct rlimit whole;
    begin();
    take_stock(was);
    getrlimit(RLIMIT_FSIZE, &whole);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 2; i++) {
        tril_file *file = tril_file_new(ctx, "real");
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, whole.rlim_max });
        fwrite(text, 1, i ? sizeof text : 3, tril_file_stream(file));
        const bool kept = tril_file_keep(file);
        setrlimit(RLIMIT_FSIZE, &whole);
        tril_file_free(file);
        ck_assert(!kept);
        ck_failed(ctx, TRIL_BAD_FILE, sentences[i]);
    }
    signal(SIGXFSZ, handler);
    take_stock(is);
    ck_assert_str_eq(was, is);
    tril_ctx_free(ctx);
    end();
}
END_TEST

static void on_alarm(int number)
{
    (void)number;
}

/* another one has the file: waiting ends after some seconds, or when a signal comes */
START_TEST(test_locked)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    char bytes[ROOM];
    begin();
    const int other = open("left.tmp", O_RDONLY);
    ck_assert_int_eq(flock(other, LOCK_EX), 0);
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm, .sa_flags = SA_RESTART }, NULL);
    const time_t begun = time(NULL);
    alarm(_i ? 1 : 0);
    ck_assert_ptr_null(tril_file_new(ctx, "left"));
    const time_t seconds = time(NULL) - begun;
    ck_failed(ctx, TRIL_BAD_FILE,
              "left: cannot be written: another process is writing it, as left.tmp");
    ck_assert_msg(_i ? seconds < 4 : seconds >= 4 && seconds < 30, "%ld s", (long)seconds);
    ck_assert_uint_eq(content("left.tmp", bytes), 4);
    close(other);
    ck_assert(write_text(ctx, "left"));
    tril_ctx_free(ctx);
    end();
}
END_TEST

/* a program that a signal ends leaves no temporary file */
START_TEST(test_signal)
{
    static char was[ROOM * 4], is[ROOM * 4];
    begin();
    take_stock(was);
    const pid_t child = fork();
    if (child == 0) {
        static const char *const paths[] = { "new", "real", "pipe" };
        tril_file *files[3];
        tril_ctx *ctx = tril_ctx_new(NULL);
        open("pipe", O_RDONLY | O_NONBLOCK);
        for (int i = 0; i < 3; i++)
            files[i] = tril_file_new(ctx, paths[i]);
        const bool there = !tril_ctx_failed(ctx) && !access("new.tmp", F_OK);
        tril_file_remove_temporaries();
        for (int i = 0; i < 3; i++)
            tril_file_free(files[i]);
        _exit(!there);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    take_stock(is);
    ck_assert_str_eq(was, is);
    end();
}
END_TEST

Suite *suite_io_file(void)
{
    Suite *suite = suite_create("io/file");
    TCase *tcase = tcase_create("file");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_good, 0, sizeof good / sizeof *good);
    tcase_add_loop_test(tcase, test_bad, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tcase, test_no_path);
    tcase_add_test(tcase, test_direct);
    tcase_add_test(tcase, test_not_kept);
    tcase_add_test(tcase, test_twice);
    tcase_add_test(tcase, test_full);
    tcase_add_loop_test(tcase, test_locked, 0, 2);
    tcase_add_test(tcase, test_signal);
    suite_add_tcase(suite, tcase);
    return suite;
}
