/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls policy hooks and objective terms (exprove/hooks.h) through libffi, from a request that a host wrote into memory
 * which a worker may only read.
 */
#ifndef EXPROVE_BINDER_HOOK_H
#define EXPROVE_BINDER_HOOK_H

#include <exprove/hooks.h>

EXPROVE_EXTERN_C_BEGIN

/* A function's types, the result first: HOOK_INT32 or HOOK_INT64, then what each argument is. */
enum { HOOK_INT32 = 1, HOOK_INT64 = 2, HOOK_TASK = 3, HOOK_PLAN_DELTA = 4 };
#define HOOK_MOST_ARGUMENTS 16
#define HOOK_SYMBOL_SIZE 256

/* Head of a request. Behind it lie `image_size` bytes: an exprove_task, an exprove_plan_delta, and what they point to. A
 * pointer in the image is a distance from its beginning until hook_arrange has been there. */
typedef struct hook_request {
  uint32_t type_count; /* the result's and the arguments' */
  uint32_t number_count;
  uint64_t image_size;
  uint64_t delta; /* where the exprove_plan_delta lies in the image; the exprove_task is its beginning */
  uint8_t types[HOOK_MOST_ARGUMENTS + 8];
  int64_t numbers[HOOK_MOST_ARGUMENTS]; /* the integer arguments in their order */
  char symbol[HOOK_SYMBOL_SIZE];        /* with its terminator */
} hook_request;

typedef struct binder_hook binder_hook;

/* `types` has `count` of them. EXPROVE_INVALID_ARGUMENT for types that are none, EXPROVE_NOT_FOUND for a symbol that the
 * library (what dlopen gave) does not have. */
exprove_status hook_open(void *library, const char *symbol, const uint8_t *types, uint32_t count, binder_hook **hook,
                         exprove_text *error);
/* `numbers` are the integer arguments in their order; one that does not fit its type is EXPROVE_INVALID_ARGUMENT, and so
 * is another count of them than the signature has. */
exprove_status hook_call(const binder_hook *hook, const exprove_task *task, const exprove_plan_delta *delta,
                         const int64_t *numbers, uint32_t count, int64_t *result);
/* NULL is ignored. */
void hook_close(binder_hook *hook);

/* Turns distances into pointers, in memory that holds `size` bytes of an image and is aligned for any struct. 0 when one of
 * them leads out of it. */
int hook_arrange(uint8_t *image, uint64_t size, uint64_t delta);

EXPROVE_EXTERN_C_END

#endif /* EXPROVE_BINDER_HOOK_H */
