# SPDX-License-Identifier: GPL-3.0-or-later
add_library(gatehouse_connection_scenes STATIC ${CMAKE_CURRENT_LIST_DIR}/connectionscenes.cpp ${CMAKE_CURRENT_LIST_DIR}/connectionscenes.h)
target_include_directories(gatehouse_connection_scenes PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(gatehouse_connection_scenes PUBLIC gatehouse_control gatehouse_test_support PRIVATE gatehouse_flags)

# Not a test: draws what the README shows and what a reviewer looks at.
gatehouse_add_executable(gatehouse_screenshots SOURCES ${CMAKE_CURRENT_LIST_DIR}/screenshots.cpp
    LINKS gatehouse_ui_mainwindow gatehouse_connection_scenes gatehouse_record_scenes)
