# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit policy_document SOURCES ${CMAKE_CURRENT_LIST_DIR}/policydocumenttest.cpp
    LINKS gatehouse_policy gatehouse_test_support)
gatehouse_add_test(unit policy_difference SOURCES ${CMAKE_CURRENT_LIST_DIR}/policydifferencetest.cpp
    LINKS gatehouse_policy gatehouse_test_support)
