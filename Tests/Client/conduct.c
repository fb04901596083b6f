/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds libexprove.so to what client.h promises of its conduct: no signal handler, thread, descriptor or memory is left in the
 * process that loads it, and it can be loaded and closed again.
 *
 *   conduct LIBRARY DIRECTORY
 */
#define _GNU_SOURCE
#include <exprove/client.h>

#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wrong = 0, held = 0;

static void hold(int condition, const char *what) {
  if (condition) {
    held += 1;
  } else {
    wrong += 1;
    printf("does not hold: %s\n", what);
  }
}

static int entries(const char *path) {
  DIR *stream = opendir(path);
  int count = 0;
  if (stream == NULL) exit(70);
  while (readdir(stream) != NULL) count += 1;
  closedir(stream);
  return count;
}

static struct sigaction handlers[NSIG];

static void remember_handlers(void) {
  for (int number = 1; number < NSIG; number++) sigaction(number, NULL, &handlers[number]);
}

static int same_handlers(void) {
  for (int number = 1; number < NSIG; number++) {
    struct sigaction now;
    if (sigaction(number, NULL, &now) != 0) continue;
    if (now.sa_handler != handlers[number].sa_handler || now.sa_flags != handlers[number].sa_flags) return 0;
  }
  return 1;
}

static const char *directory;
static __typeof__(&exprove_open) open_run;
static __typeof__(&exprove_close) close_run;
static __typeof__(&exprove_verify) verify;
static __typeof__(&exprove_events_open) events_open;
static __typeof__(&exprove_events_next) events_next;
static __typeof__(&exprove_events_close) events_close;
static __typeof__(&exprove_statements_open) statements_open;
static __typeof__(&exprove_statements_next) statements_next;
static __typeof__(&exprove_statements_close) statements_close;

/* All of a run, the run closed first, since what was opened on it may outlive it. The count of its events; 0: an error. */
static void *read_all(void *result) {
  exprove_run *run = NULL;
  exprove_events *events = NULL;
  exprove_statements *statements = NULL;
  exprove_verification verification = {.struct_size = sizeof verification};
  exprove_event_batch batch = {.struct_size = sizeof batch};
  exprove_statement_batch leaves = {.struct_size = sizeof leaves};
  uint64_t count = 0, *out = result;
  *out = 0;
  if (open_run(EXPROVE_CLIENT_VERSION, directory, &run, NULL) != EXPROVE_OK) return NULL;
  if (verify(run, NULL, &verification, NULL) != EXPROVE_OK) return NULL;
  if (events_open(run, &events, NULL) != EXPROVE_OK) return NULL;
  if (statements_open(run, NULL, 0, &statements, NULL) != EXPROVE_OK) return NULL;
  close_run(run);
  while (events_next(events, &batch, NULL) == EXPROVE_OK) count += batch.event_count;
  while (statements_next(statements, &leaves, NULL) == EXPROVE_OK) {}
  events_close(events);
  statements_close(statements);
  *out = count;
  return NULL;
}

static void resolve(void *library) {
#define RESOLVE(name, symbol) *(void **)&name = dlsym(library, "exprove_" symbol)
  RESOLVE(open_run, "open");
  RESOLVE(close_run, "close");
  RESOLVE(verify, "verify");
  RESOLVE(events_open, "events_open");
  RESOLVE(events_next, "events_next");
  RESOLVE(events_close, "events_close");
  RESOLVE(statements_open, "statements_open");
  RESOLVE(statements_next, "statements_next");
  RESOLVE(statements_close, "statements_close");
}

int main(int argc, char **argv) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  uint64_t alone = 0, together[THREADS];
  if (argc != 3) return 64;
  directory = argv[2];
  remember_handlers();
  int descriptors = entries("/proc/self/fd");

  for (int round = 0; round < 3; round++) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
      printf("%s\n", dlerror());
      return 1;
    }
    resolve(library);
    read_all(&alone);
    hold(alone > 0, "a run is read whole after its handle was closed");
    hold(dlclose(library) == 0, "the library can be closed");
  }
  hold(same_handlers(), "no signal handler is set");
  hold(entries("/proc/self/fd") == descriptors, "no descriptor stays open");
  hold(entries("/proc/self/task") == 3, "no thread runs");

  resolve(dlopen(argv[1], RTLD_NOW | RTLD_LOCAL));
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, read_all, &together[i]);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) hold(together[i] == alone, "four threads read the same at once");
  hold(entries("/proc/self/fd") == descriptors, "no descriptor stays open after threads");

  size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 5; i++) read_all(&alone);
  size_t after = mallinfo2().uordblks;
  hold(after < before + 65536, "memory does not grow with each run that is read");
  if (after >= before + 65536) printf("%zu bytes became %zu\n", before, after);
  printf("%d passed, %d failed\n", held, wrong);
  return wrong == 0 ? 0 : 1;
}
