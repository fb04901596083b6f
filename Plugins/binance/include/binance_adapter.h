/* SPDX-License-Identifier: Apache-2.0
 *
 * The Binance adapter exports one symbol, `exprove_adapter_entry` of <exprove/adapter.h>. A host loads the library and
 * never includes this file; it is here because a package needs a public header folder.
 */
#ifndef BINANCE_ADAPTER_H
#define BINANCE_ADAPTER_H

#define BINANCE_ADAPTER_VERSION "1.0.0"

#endif /* BINANCE_ADAPTER_H */
