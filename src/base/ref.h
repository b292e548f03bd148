// Ref<T>: shared ownership of an object that counts its owners in a member `mutable uint32_t
// owners`. One thread, no exceptions; std::shared_ptr costs more than the objects it would hold
// here.
#pragma once

#include <utility>

namespace reeve {

template <typename T>
class Ref {
  public:
    Ref() = default;
    explicit Ref(T* object) : object_(object) { retain(); }
    Ref(const Ref& other) : object_(other.object_) { retain(); }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_ != nullptr && --object_->owners == 0) delete object_;
    }

    T* operator->() const { return object_; }
    T& operator*() const { return *object_; }
    T* get() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }

  private:
    void retain() {
        if (object_ != nullptr) ++object_->owners;
    }
    T* object_ = nullptr;
};

// A copy of the object, with an owner of its own.
template <typename T>
Ref<T> copy_of(const T& object) {
    T* copy = new T(object);
    copy->owners = 0;
    return Ref<T>(copy);
}

}  // namespace reeve
