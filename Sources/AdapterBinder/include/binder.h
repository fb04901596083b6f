/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a bound adapter: a vendor's C library that knows nothing of ExProve, and a *program* that says how its functions
 * are called and how what it calls back becomes events. All calls in both directions go through libffi. Plain C, for the
 * host's process and for a worker that has no Swift in it.
 *
 * A program is what the room AdapterBinding compiles a binding file to; program.h has its format. It is hostile like any
 * input: binder_open checks every number before it is used, and nothing that a program says makes the binder itself read
 * or write outside its own memory. What the library does, and whether its declarations are true, no check here can tell:
 * a bound library has to be as trusted, or as isolated, as any adapter.
 *
 * Callbacks are libffi closures that belong to one session. They are never freed: after the session's end, outside a
 * call to the library's feed function, or on another thread, a call through one gives the error value that the binding
 * declares for it and touches no session. What stays behind for each session lies in pages that are kept for the
 * process's life, at most BINDER_PARKED_BYTES of them for each bound adapter; when they are used up `create` answers
 * EXPROVE_OUT_OF_MEMORY and says so, and a new process is the way out.
 */
#ifndef EXPROVE_BINDER_H
#define EXPROVE_BINDER_H

#include <exprove/adapter.h>

EXPROVE_EXTERN_C_BEGIN

/* Never freed, for each bound adapter: some ten thousand sessions of a library with a dozen callbacks. */
#define BINDER_PARKED_BYTES (16u << 20)
/* A longer program is refused. */
#define BINDER_PROGRAM_BYTES (1u << 20)

/* As exprove_adapter_entry of adapter.h, bound to one library and one program. */
typedef exprove_status (*binder_entry)(uint32_t abi_version, exprove_adapter *adapter);

/* Where a pointer lies that a library was given is nobody's business but the binder's. */
typedef struct binder binder;

/* Checks a program without a library. EXPROVE_BAD_DATA with the byte and the reason in `error`. */
exprove_status binder_check(const uint8_t *program, size_t size, exprove_text *error);

/* Binds a program to a library: `library` is what dlopen gave. The program's bytes are copied. On success `entry` is
 * called as an adapter's own entry would be, any number of times; it and the binder stay for the process's life, as
 * libraries do. EXPROVE_NOT_FOUND when the library lacks a function, EXPROVE_BAD_DATA for the program. `bound` may be
 * NULL. */
exprove_status binder_open(const uint8_t *program, size_t size, void *library, binder_entry *entry, binder **bound,
                           exprove_text *error);

/* The same in two steps, for a worker whose sandbox has to stand before any of the library's code runs: libffi needs
 * memory that is writable and executable (or maps its own file again, where it was built so), which a sandbox rightly
 * forbids. binder_prepare makes what the table needs and binder_reserve the callbacks of so many sessions; then
 * the sandbox is put up, the library loaded, and binder_attach finds its functions without asking the system for
 * anything. Sessions beyond the reserve are refused with the reason when the system says no. */
exprove_status binder_prepare(const uint8_t *program, size_t size, binder **bound, exprove_text *error);
exprove_status binder_attach(binder *bound, void *library, binder_entry *entry, exprove_text *error);
exprove_status binder_reserve(binder *bound, uint32_t sessions, exprove_text *error);

/* Where the binder notes which of its program's functions it is calling: the function's number from 1, 0 between calls.
 * For whoever wants to know after a crash: `function` lies in memory that outlives the process or, at least, the call. Of
 * several threads that call at once the last one counts. */
void binder_watch(binder *bound, uint32_t *function);

/* Calls through a callback that came when none was due, since the binder was made; and those of them that came after
 * their session's end. The host's log is told of new ones when a call to the adapter ends. */
uint64_t binder_strays(const binder *bound);
uint64_t binder_kept(const binder *bound);

EXPROVE_EXTERN_C_END

#endif /* EXPROVE_BINDER_H */
