/* SPDX-License-Identifier: Apache-2.0
 *
 * The adapter's side of the worker: its table, its one session, and the calls that the host may ask for.
 */
#ifndef EXPROVE_WORKER_ADAPTER_H
#define EXPROVE_WORKER_ADAPTER_H

#include <exprove/extensions.h>

#include <binder.h>

#include "worker_link.h"

typedef struct worker {
  const worker_setup *setup;
  const worker_orders *orders;
  const exprove_frame *frames;
  const uint8_t *bytes;
  const uint8_t *host_note;
  worker_answers *answers;
  worker_log_line *log;
  uint8_t *slots;
  uint8_t *note;

  binder *bound; /* of a library that has no entry itself */
  exprove_host host;
  exprove_adapter table;
  exprove_session *session;
  void *library; /* of hooks, once it is loaded */
  exprove_order_entry_v1 orders_out; /* zeros where the adapter has none */
  uint8_t *state; /* saved, or on its way to be loaded */
  uint64_t state_size, state_room;
  uint32_t filled; /* event slots so far */
} worker;

/* What a bound library needs of the system before the sandbox forbids it: 0 when its program is wrong. Runs nothing of the
 * library. */
int adapter_prepare(worker *worker);
/* Loads the sealed adapter, agrees on a version and fills the table; text goes to the answers. */
exprove_status adapter_load(worker *worker);
exprove_status adapter_open(worker *worker);

/* Loads the sealed library of hooks. */
exprove_status hooks_load(worker *worker);
exprove_status hooks_call(worker *worker);

/* An extension's table when it has at least so many bytes, else NULL. */
const void *adapter_extension(worker *worker, const char *id, uint32_t least);
exprove_status adapter_call_extension(worker *worker);

/* One call of the host; writes all of its answer but the index. */
void adapter_call(worker *worker, uint32_t call);

/* How often an index is looked at before the worker sleeps. */
uint32_t patience(const worker *worker);

/* Says where the adapter's code is entered. */
void adapter_step(worker *worker, worker_step step);

#endif
