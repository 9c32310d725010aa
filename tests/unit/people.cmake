# SPDX-License-Identifier: GPL-3.0-or-later
# Who is kept out, and which tokens are worth nothing any more.
gatehouse_add_test(unit ban_set SOURCES ${CMAKE_CURRENT_LIST_DIR}/bansettest.cpp LINKS gatehouse_net)
gatehouse_add_test(unit revocations SOURCES ${CMAKE_CURRENT_LIST_DIR}/revocationstest.cpp LINKS gatehouse_auth)
gatehouse_add_test(unit revocation_keeper SOURCES ${CMAKE_CURRENT_LIST_DIR}/revocationkeepertest.cpp
    LINKS gatehouse_runtime)
gatehouse_add_test(unit one_time_keeper SOURCES ${CMAKE_CURRENT_LIST_DIR}/onetimekeepertest.cpp
    LINKS gatehouse_runtime gatehouse_test_support Qt6::Sql)
