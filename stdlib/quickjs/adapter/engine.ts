// The engine's C interface, as far as the adapter uses it. Names, order and ownership follow QuickJS's own header:
// a parameter called `taken` takes ownership, every i64 that is returned is owned by the caller.
//
// Conventions: a JSValue is an i64; pointers, atoms, sizes and booleans are i32.

@external("engine", "__stack_pointer")
export declare let stackPointer: i32;

@external("engine", "qjs_init")
export declare function qjs_init(): i32;
@external("engine", "qjs_get_runtime_ptr")
export declare function qjs_get_runtime_ptr(): i32;
@external("engine", "qjs_get_context_ptr")
export declare function qjs_get_context_ptr(): i32;
@external("engine", "qjs_set_memory_limit")
export declare function qjs_set_memory_limit(bytes: i32): void;
@external("engine", "JS_SetGCThreshold")
export declare function JS_SetGCThreshold(runtime: i32, bytes: i32): void;
@external("engine", "JS_RunGC")
export declare function JS_RunGC(runtime: i32): void;
@external("engine", "malloc")
export declare function malloc(size: i32): i32;
@external("engine", "realloc")
export declare function realloc(at: i32, size: i32): i32;
@external("engine", "free")
export declare function free(at: i32): void;
@external("engine", "js_malloc")
export declare function js_malloc(ctx: i32, size: i32): i32;
@external("engine", "js_free")
export declare function js_free(ctx: i32, at: i32): void;
@external("engine", "strlen")
export declare function strlen(at: i32): i32;

@external("engine", "JS_DupValue")
export declare function JS_DupValue(ctx: i32, v: i64): i64;
@external("engine", "JS_FreeValue")
export declare function JS_FreeValue(ctx: i32, taken: i64): void;
@external("engine", "JS_DupAtom")
export declare function JS_DupAtom(ctx: i32, atom: i32): i32;
@external("engine", "JS_FreeAtom")
export declare function JS_FreeAtom(ctx: i32, atom: i32): void;
@external("engine", "JS_NewAtomLen")
export declare function JS_NewAtomLen(ctx: i32, at: i32, length: i32): i32;
@external("engine", "JS_ValueToAtom")
export declare function JS_ValueToAtom(ctx: i32, v: i64): i32;
@external("engine", "JS_AtomToValue")
export declare function JS_AtomToValue(ctx: i32, atom: i32): i64;
@external("engine", "JS_AtomToCStringLen")
export declare function JS_AtomToCStringLen(ctx: i32, lengthAt: i32, atom: i32): i32;
@external("engine", "JS_ToCStringLen2")
export declare function JS_ToCStringLen2(ctx: i32, lengthAt: i32, v: i64, cesu8: i32): i32;
@external("engine", "JS_FreeCString")
export declare function JS_FreeCString(ctx: i32, at: i32): void;
@external("engine", "JS_NewStringLen")
export declare function JS_NewStringLen(ctx: i32, at: i32, length: i32): i64;

@external("engine", "JS_NewObject")
export declare function JS_NewObject(ctx: i32): i64;
@external("engine", "JS_NewArray")
export declare function JS_NewArray(ctx: i32): i64;
@external("engine", "JS_NewArrayFrom")
export declare function JS_NewArrayFrom(ctx: i32, count: i32, takenValuesAt: i32): i64;
@external("engine", "JS_NewClassID")
export declare function JS_NewClassID(runtime: i32, idAt: i32): i32;
@external("engine", "JS_NewClass")
export declare function JS_NewClass(runtime: i32, id: i32, definition: i32): i32;
@external("engine", "JS_NewObjectClass")
export declare function JS_NewObjectClass(ctx: i32, id: i32): i64;
@external("engine", "JS_SetOpaque")
export declare function JS_SetOpaque(v: i64, opaque: i32): i32;
@external("engine", "JS_GetOpaque")
export declare function JS_GetOpaque(v: i64, id: i32): i32;
@external("engine", "JS_NewArrayBufferCopy")
export declare function JS_NewArrayBufferCopy(ctx: i32, at: i32, length: i32): i64;
@external("engine", "JS_NewUint8ArrayCopy")
export declare function JS_NewUint8ArrayCopy(ctx: i32, at: i32, length: i32): i64;
@external("engine", "JS_NewTypedArray")
export declare function JS_NewTypedArray(ctx: i32, argc: i32, argv: i32, type: i32): i64;
@external("engine", "JS_NewDate")
export declare function JS_NewDate(ctx: i32, ms: f64): i64;
@external("engine", "JS_NewBigInt64")
export declare function JS_NewBigInt64(ctx: i32, value: i64): i64;
@external("engine", "JS_NewCFunction2")
export declare function JS_NewCFunction2(ctx: i32, fn: i32, name: i32, length: i32, kind: i32, magic: i32): i64;
@external("engine", "JS_NewCFunctionData2")
export declare function JS_NewCFunctionData2(
  ctx: i32, fn: i32, name: i32, length: i32, magic: i32, count: i32, data: i32,
): i64;
@external("engine", "JS_NewPromiseCapability")
export declare function JS_NewPromiseCapability(ctx: i32, functionsAt: i32): i64;

@external("engine", "JS_GetClassID")
export declare function JS_GetClassID(v: i64): i32;
@external("engine", "JS_GetPrototype")
export declare function JS_GetPrototype(ctx: i32, v: i64): i64;
@external("engine", "JS_GetProperty")
export declare function JS_GetProperty(ctx: i32, v: i64, atom: i32): i64;
@external("engine", "JS_GetPropertyInt64")
export declare function JS_GetPropertyInt64(ctx: i32, v: i64, index: i64): i64;
@external("engine", "JS_GetOwnProperty")
export declare function JS_GetOwnProperty(ctx: i32, descriptorAt: i32, v: i64, atom: i32): i32;
@external("engine", "JS_GetOwnPropertyNames")
export declare function JS_GetOwnPropertyNames(ctx: i32, tableAt: i32, countAt: i32, v: i64, flags: i32): i32;
@external("engine", "JS_FreePropertyEnum")
export declare function JS_FreePropertyEnum(ctx: i32, table: i32, count: i32): void;
@external("engine", "JS_DefinePropertyValue")
export declare function JS_DefinePropertyValue(ctx: i32, v: i64, atom: i32, taken: i64, flags: i32): i32;
@external("engine", "JS_DefinePropertyValueUint32")
export declare function JS_DefinePropertyValueUint32(ctx: i32, v: i64, index: u32, taken: i64, flags: i32): i32;
@external("engine", "JS_GetLength")
export declare function JS_GetLength(ctx: i32, v: i64, lengthAt: i32): i32;
@external("engine", "JS_SetLength")
export declare function JS_SetLength(ctx: i32, v: i64, length: i64): i32;
@external("engine", "JS_ToInt32")
export declare function JS_ToInt32(ctx: i32, resultAt: i32, v: i64): i32;
@external("engine", "JS_ToFloat64")
export declare function JS_ToFloat64(ctx: i32, resultAt: i32, v: i64): i32;
@external("engine", "JS_GetTypedArrayType")
export declare function JS_GetTypedArrayType(v: i64): i32;
@external("engine", "JS_GetTypedArrayBuffer")
export declare function JS_GetTypedArrayBuffer(ctx: i32, v: i64, offsetAt: i32, lengthAt: i32, elementAt: i32): i64;
@external("engine", "JS_GetArrayBuffer")
export declare function JS_GetArrayBuffer(ctx: i32, sizeAt: i32, v: i64): i32;

@external("engine", "JS_Call")
export declare function JS_Call(ctx: i32, fn: i64, self: i64, argc: i32, argv: i32): i64;
@external("engine", "JS_Throw")
export declare function JS_Throw(ctx: i32, taken: i64): i64;
@external("engine", "JS_GetException")
export declare function JS_GetException(ctx: i32): i64;
@external("engine", "JS_HasException")
export declare function JS_HasException(ctx: i32): i32;
@external("engine", "JS_ThrowOutOfMemory")
export declare function JS_ThrowOutOfMemory(ctx: i32): i64;
@external("engine", "JS_IsPromise")
export declare function JS_IsPromise(v: i64): i32;
@external("engine", "JS_IsProxy")
export declare function JS_IsProxy(v: i64): i32;
@external("engine", "JS_PromiseState")
export declare function JS_PromiseState(ctx: i32, v: i64): i32;
@external("engine", "JS_PromiseResult")
export declare function JS_PromiseResult(ctx: i32, v: i64): i64;

@external("engine", "JS_Eval2")
export declare function JS_Eval2(ctx: i32, source: i32, length: i32, options: i32): i64;
@external("engine", "JS_ReadObject")
export declare function JS_ReadObject(ctx: i32, at: i32, length: i32, flags: i32): i64;
@external("engine", "JS_EvalFunction")
export declare function JS_EvalFunction(ctx: i32, taken: i64): i64;
@external("engine", "JS_GetModuleNamespace")
export declare function JS_GetModuleNamespace(ctx: i32, module: i32): i64;
@external("engine", "JS_GetImportMeta")
export declare function JS_GetImportMeta(ctx: i32, module: i32): i64;
@external("engine", "JS_ExecutePendingJob")
export declare function JS_ExecutePendingJob(runtime: i32, contextAt: i32): i32;
@external("engine", "JS_SetMaxStackSize")
export declare function JS_SetMaxStackSize(runtime: i32, size: i32): void;
@external("engine", "JS_SetModuleLoaderFunc")
export declare function JS_SetModuleLoaderFunc(runtime: i32, normalize: i32, load: i32, opaque: i32): void;
@external("engine", "JS_SetHostPromiseRejectionTracker")
export declare function JS_SetHostPromiseRejectionTracker(runtime: i32, fn: i32, opaque: i32): void;
@external("engine", "JS_PromiseThen")
export declare function JS_PromiseThen(ctx: i32, promise: i64, fulfilled: i64, rejected: i64): i64;
