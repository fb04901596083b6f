/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls policy hooks and objective terms (exprove/hooks.h) through libffi. Plain C, for host and worker.
 */
#ifndef EXPROVE_BINDER_HOOK_H
#define EXPROVE_BINDER_HOOK_H

#include <exprove/hooks.h>

EXPROVE_EXTERN_C_BEGIN

/* A function's types, the result first: HOOK_INT32 or HOOK_INT64, then what each argument is. */
enum { HOOK_INT32 = 1, HOOK_INT64 = 2, HOOK_TASK = 3, HOOK_PLAN_DELTA = 4 };
#define HOOK_MOST_ARGUMENTS 16

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

EXPROVE_EXTERN_C_END

#endif /* EXPROVE_BINDER_HOOK_H */
