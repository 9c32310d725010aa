# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit schema_json SOURCES ${CMAKE_CURRENT_LIST_DIR}/schemajsontest.cpp LINKS gatehouse_schema)
gatehouse_add_test(unit schema_keywords SOURCES ${CMAKE_CURRENT_LIST_DIR}/schemakeywordstest.cpp LINKS gatehouse_schema)
gatehouse_add_test(unit schema_compile SOURCES ${CMAKE_CURRENT_LIST_DIR}/schemacompiletest.cpp LINKS gatehouse_schema)
