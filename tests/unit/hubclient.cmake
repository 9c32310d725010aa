# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit hub_command SOURCES ${CMAKE_CURRENT_LIST_DIR}/hubcommandtest.cpp LINKS gatehouse_hub)
gatehouse_add_test(unit hub_allocations SOURCES ${CMAKE_CURRENT_LIST_DIR}/huballocationstest.cpp LINKS gatehouse_hub)
gatehouse_add_test(unit hub_reply SOURCES ${CMAKE_CURRENT_LIST_DIR}/hubreplytest.cpp LINKS gatehouse_hub nlohmann_json::nlohmann_json)
gatehouse_add_test(unit schema_cursor SOURCES ${CMAKE_CURRENT_LIST_DIR}/schemacursortest.cpp LINKS gatehouse_schema)
