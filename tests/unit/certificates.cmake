# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit certificate_keeper SOURCES ${CMAKE_CURRENT_LIST_DIR}/certificatekeepertest.cpp
    LINKS gatehouse_runtime gatehouse_setup gatehouse_test_support)
gatehouse_add_test(unit certificate_renewal SOURCES ${CMAKE_CURRENT_LIST_DIR}/certificaterenewaltest.cpp
    LINKS gatehouse_setup gatehouse_test_support OpenSSL::Crypto)
