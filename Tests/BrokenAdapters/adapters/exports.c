/* SPDX-License-Identifier: Apache-2.0
 *
 * Exports a second symbol.
 *
 * caught by: static.exports
 */
#include "base.h"

EXPROVE_EXPORT int exprove_helper(void) { return 1; }
#include "entry.h"
