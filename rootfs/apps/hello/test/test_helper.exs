# SPDX-License-Identifier: Apache-2.0
# Starts the test runner.
ExUnit.start()
