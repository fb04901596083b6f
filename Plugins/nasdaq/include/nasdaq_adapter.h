/* SPDX-License-Identifier: Apache-2.0
 *
 * The NASDAQ adapter offers nothing at compile time: a host loads the library and asks for
 * `exprove_adapter_entry`, which <exprove/adapter.h> declares. This header only names the module.
 */
#ifndef NASDAQ_ADAPTER_H
#define NASDAQ_ADAPTER_H
#endif
