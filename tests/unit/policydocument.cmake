# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit policy_document SOURCES ${CMAKE_CURRENT_LIST_DIR}/policydocumenttest.cpp
    LINKS gatehouse_policy gatehouse_test_support TIMEOUT 240)
gatehouse_add_test(unit policy_difference SOURCES ${CMAKE_CURRENT_LIST_DIR}/policydifferencetest.cpp
    LINKS gatehouse_policy gatehouse_test_support TIMEOUT 240)
gatehouse_add_test(unit policy_schema SOURCES ${CMAKE_CURRENT_LIST_DIR}/policyschematest.cpp
    LINKS gatehouse_policy gatehouse_test_support TIMEOUT 240)
target_compile_definitions(test_unit_policy_schema PRIVATE
    GATEHOUSE_POLICY_SCHEMA="${PROJECT_SOURCE_DIR}/resources/gatehouse.schema.json")
