# SPDX-License-Identifier: GPL-3.0-or-later
add_library(gatehouse_policy_scenes STATIC ${CMAKE_CURRENT_LIST_DIR}/policyscenes.cpp ${CMAKE_CURRENT_LIST_DIR}/policyscenes.h)
target_include_directories(gatehouse_policy_scenes PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(gatehouse_policy_scenes PUBLIC gatehouse_control gatehouse_test_support PRIVATE gatehouse_flags)

gatehouse_add_test(gui json_editor SOURCES ${CMAKE_CURRENT_LIST_DIR}/jsoneditortest.cpp LINKS gatehouse_ui_editor)
foreach(surface policypage policyreview)
    gatehouse_add_test(gui ${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${surface}test.cpp
        LINKS gatehouse_ui_mainwindow gatehouse_policy_scenes gatehouse_record_scenes)
endforeach()
