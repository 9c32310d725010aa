# SPDX-License-Identifier: GPL-3.0-or-later
add_library(gatehouse_record_scenes STATIC ${CMAKE_CURRENT_LIST_DIR}/recordscenes.cpp ${CMAKE_CURRENT_LIST_DIR}/recordscenes.h)
target_include_directories(gatehouse_record_scenes PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(gatehouse_record_scenes PUBLIC gatehouse_ui_pages gatehouse_test_support PRIVATE gatehouse_flags)

gatehouse_add_test(gui scenes SOURCES ${CMAKE_CURRENT_LIST_DIR}/scenestest.cpp LINKS gatehouse_record_scenes)
gatehouse_add_test(gui record_pages SOURCES ${CMAKE_CURRENT_LIST_DIR}/recordpagestest.cpp LINKS gatehouse_record_scenes)
gatehouse_add_test(gui auth_failures_model SOURCES ${CMAKE_CURRENT_LIST_DIR}/authfailuresmodeltest.cpp LINKS gatehouse_ui_models)
gatehouse_add_test(gui audit_model SOURCES ${CMAKE_CURRENT_LIST_DIR}/auditmodeltest.cpp LINKS gatehouse_ui_models)
