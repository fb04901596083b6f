/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded by kills.py: ends the process with SIGKILL at its Nth call that changes the file system, N from the
 * variable KILL_AT. A write in whose midst the process dies has put half of its bytes. With KILL_COUNT naming a file,
 * how many such calls there were is written there at exit. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;
static long kill_at = -1;

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("KILL_AT");
  if (text) kill_at = atol(text);
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("KILL_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

static int is_last(void) { return atomic_fetch_add(&calls, 1) == kill_at; }
static void die(void) { kill(getpid(), SIGKILL); }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define COUNTED(type, name, parameters, arguments) \
  type name parameters {                           \
    if (is_last()) die();                          \
    return REAL(name) arguments;                   \
  }

COUNTED(int, rename, (const char *from, const char *to), (from, to))
COUNTED(int, unlink, (const char *path), (path))
COUNTED(int, rmdir, (const char *path), (path))
COUNTED(int, link, (const char *from, const char *to), (from, to))
COUNTED(int, mkdir, (const char *path, mode_t mode), (path, mode))
COUNTED(int, fsync, (int file), (file))
COUNTED(int, ftruncate, (int file, off_t size), (file, size))

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  if (is_last()) {
    REAL(pwrite)(file, bytes, count / 2, at);
    die();
  }
  return REAL(pwrite)(file, bytes, count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) { return pwrite(file, bytes, count, at); }

/* Only calls that can create or empty a file count. */
int open(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    if (is_last()) die();
  }
  return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    if (is_last()) die();
  }
  return REAL(open64)(path, flags, mode);
}
