# SPDX-License-Identifier: GPL-3.0-or-later
foreach(surface keyset signatures issuers cache)
    gatehouse_add_test(unit auth_${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/auth${surface}test.cpp
        LINKS gatehouse_test_keys gatehouse_test_support)
endforeach()
gatehouse_add_test(unit key_rotation SOURCES ${CMAKE_CURRENT_LIST_DIR}/keyrotationtest.cpp
    LINKS gatehouse_setup gatehouse_policy)
