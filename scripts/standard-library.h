/* The C++ library's headers that the packages include; scripts/build.sh precompiles them once instead of 280 times. */
#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
