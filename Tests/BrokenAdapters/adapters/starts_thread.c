/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts a thread with each session.
 *
 * caught by: threads.none
 */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <unistd.h>
#include "base.h"

static volatile int stop;

static void *idle(void *unused) {
  while (!stop) usleep(1000);
  return unused;
}

static pthread_t thread;
static int running;

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  if (!running) running = pthread_create(&thread, NULL, idle, NULL) == 0;
  return base_create(config, session, error);
}
#define SLOT_CREATE create
#include "entry.h"
