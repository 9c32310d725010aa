# SPDX-License-Identifier: GPL-3.0-or-later
# Messages against schemas, judged by us and by Debian's python3-jsonschema.
gatehouse_add_executable(schema_judge SOURCES ${CMAKE_CURRENT_LIST_DIR}/schemajudge.cpp LINKS gatehouse_schema nlohmann_json::nlohmann_json)
add_test(NAME clients.schema_oracle COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/schemaoracletest.py $<TARGET_FILE:schema_judge>)
set_tests_properties(clients.schema_oracle PROPERTIES LABELS clients TIMEOUT 120)
