# SPDX-License-Identifier: GPL-3.0-or-later
# What TLS itself refuses and remembers, beside the surface as a whole in tlstest.
foreach(surface clientcert servername tickets tlsguard)
    gatehouse_add_test(net ${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${surface}test.cpp LINKS gatehouse_test_net TIMEOUT 120)
endforeach()
