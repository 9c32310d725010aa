# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net certificates SOURCES ${CMAKE_CURRENT_LIST_DIR}/certificatestest.cpp
    LINKS gatehouse_test_net gatehouse_setup OpenSSL::Crypto TIMEOUT 120)
