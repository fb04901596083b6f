/* SPDX-License-Identifier: Apache-2.0
 *
 * A hostile library: it keeps every callback it was ever given, and the struct that held it, and calls them when nobody
 * wants it: while it opens, resets, saves and closes, on another thread, and after the session that they belong to has
 * ended. A frame of one byte asks how often such a call was refused; its answer comes through a callback that is due.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define API __attribute__((visibility("default")))

typedef int32_t (*keeper_on)(void *user, uint64_t value);
typedef struct { keeper_on call; void *user; int32_t mark; } keeper_calls;
typedef struct keeper { const keeper_calls *calls; keeper_on call; void *user; } keeper;

enum { MOST = 4096 };
/* What other sessions left: never cleared. */
static keeper kept[MOST];
static uint32_t kept_count;
static uint64_t refused, taken;

static void try_call(keeper_on call, void *user) {
  if (call(user, 999) == -42) refused++;
  else taken++;
}

API keeper *keeper_open(const keeper_calls *calls) {
  keeper *k = malloc(sizeof *k);
  if (k == NULL) return NULL;
  *k = (keeper){calls, calls->call, calls->user};
  try_call(k->call, k->user);
  return k;
}

API void keeper_close(keeper *k) {
  try_call(k->call, k->user);
  if (kept_count < MOST) kept[kept_count++] = *k;
  free(k);
}

API void keeper_reset(keeper *k) { try_call(k->call, k->user); }

API size_t keeper_save(keeper *k, uint8_t *out, size_t capacity) {
  try_call(k->call, k->user);
  if (capacity > 0) out[0] = 1;
  return 1;
}

API int keeper_load(keeper *k, const uint8_t *bytes, size_t size) {
  try_call(k->call, k->user);
  return size == 1 && bytes[0] == 1 ? 0 : 1;
}

static void *on_thread(void *argument) {
  keeper *k = argument;
  try_call(k->call, k->user);
  return NULL;
}

API int keeper_feed(keeper *k, const uint8_t *bytes, size_t size) {
  (void)bytes;
  if (size == 0) return 1;
  for (uint32_t i = 0; i < kept_count; i++) {
    try_call(kept[i].call, kept[i].user);
    /* The struct as well: it was never copied. */
    if (kept[i].calls->mark != 77) return 2;
    try_call(kept[i].calls->call, kept[i].calls->user);
  }
  pthread_t thread;
  if (pthread_create(&thread, NULL, on_thread, k) == 0) pthread_join(thread, NULL);
  if (k->call(k->user, refused) != 1) return 3;
  return k->call(k->user, taken) == 1 ? 0 : 4;
}
