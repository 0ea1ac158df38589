// SPDX-License-Identifier: Apache-2.0
/* The products of attention's heads in RTL: each as a matrix on crossbars. */
#include "system/products.h"
#include "xbar_rtl.h"

static void params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                   size_t length) {
    (void)node, (void)tokens;
    pm_xbar_twin_model(pm_products_rows(layer), text, length);
}

const struct pm_twin pm_twin_products = {
    .system = "products", .block = {{"xbar", "pm_xbar_rtl", params}}, .done = pm_xbar_twin_done};
