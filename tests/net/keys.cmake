# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net keysets SOURCES ${CMAKE_CURRENT_LIST_DIR}/keysetstest.cpp
    LINKS gatehouse_test_net gatehouse_test_keys TIMEOUT 120)
