using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace IngressController.Tls;

/// <summary>
/// Gives back the buffers of TLS connections that hold no bytes: the two of OpenSSL, 33 KiB, and the one of the handshake that SslStream
/// keeps until the first read ends, 8 KiB. .NET has no option for either, so it takes the handle from a private field and calls a private
/// method. Where these are not found, connections keep their buffers.
/// </summary>
internal sealed partial class TlsBuffers
{
    /// <summary>SSL_CTRL_MODE and SSL_MODE_RELEASE_BUFFERS of ssl.h.</summary>
    private const int ControlMode = 33;
    private const int ReleaseBuffers = 0x10;

    private static readonly FieldInfo? HandleField = typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic);

    private static readonly Action<SslStream>? ReturnReadBuffer = typeof(SslStream)
        .GetMethod("ReturnReadBufferIfEmpty", BindingFlags.Instance | BindingFlags.NonPublic, Type.EmptyTypes)?.CreateDelegate<Action<SslStream>>();

    private readonly Lazy<Functions?> _functions;

    public TlsBuffers(ILogger<TlsBuffers> logger) => _functions = new(() => Find(logger));

    private delegate nint SslControl(nint ssl, int command, nint value, nint pointer);

    private delegate int SslFreeBuffers(nint ssl);

    /// <summary>Connection middleware after that of TLS: nothing else uses the connection yet.</summary>
    public ConnectionDelegate Release(ConnectionDelegate next) => connection =>
    {
        if (connection.Features.Get<ISslStreamFeature>()?.SslStream is { } stream)
            Release(stream);
        return next(connection);
    };

    /// <summary>Gives back what a stream whose handshake has ended and that no one reads yet holds, and makes OpenSSL do so from now on.</summary>
    public void Release(SslStream stream)
    {
        ReturnReadBuffer?.Invoke(stream);
        if (_functions.Value is { } functions)
            Release(functions, stream);
    }

    private static void Release(Functions functions, SslStream stream)
    {
        // Only this type holds the pointer of OpenSSL itself.
        if (HandleField?.GetValue(stream) is not SafeHandle { IsInvalid: false, IsClosed: false } handle || handle.GetType().Name is not "SafeSslHandle")
            return;
        var isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            functions.Control(handle.DangerousGetHandle(), ControlMode, ReleaseBuffers, 0);
            // Those of the handshake, which OpenSSL would keep until the next read or write.
            functions.FreeBuffers(handle.DangerousGetHandle());
        }
        finally
        {
            if (isHeld)
                handle.DangerousRelease();
        }
    }

    /// <summary>Finds the functions in the library that .NET has loaded; another one would not know its handles.</summary>
    private static Functions? Find(ILogger logger)
    {
        if (ReturnReadBuffer is null)
            Log.HandshakeBufferUnavailable(logger);
        if (OperatingSystem.IsLinux() && HandleField?.FieldType.Name is "SafeDeleteSslContext" && LoadedLibrary() is { } path
            && NativeLibrary.TryLoad(path, out var library)
            && NativeLibrary.TryGetExport(library, "SSL_ctrl", out var control) && NativeLibrary.TryGetExport(library, "SSL_free_buffers", out var free))
        {
            return new(Marshal.GetDelegateForFunctionPointer<SslControl>(control), Marshal.GetDelegateForFunctionPointer<SslFreeBuffers>(free));
        }

        Log.Unavailable(logger);
        return null;
    }

    private static string? LoadedLibrary() =>
        File.ReadLines("/proc/self/maps").Select(line => line[(line.IndexOf('/', StringComparison.Ordinal) is var start and >= 0 ? start : line.Length)..])
            .FirstOrDefault(path => Path.GetFileName(path).StartsWith("libssl.so", StringComparison.Ordinal));

    private sealed record Functions(SslControl Control, SslFreeBuffers FreeBuffers);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "buffers of idle TLS connections cannot be released with this version of .NET or OpenSSL; each takes 33 KiB more")]
        public static partial void Unavailable(ILogger logger);

        [LoggerMessage(Level = LogLevel.Information, Message = "the buffer of the handshake of TLS connections cannot be released with this version of .NET; each takes 8 KiB more until its first request")]
        public static partial void HandshakeBufferUnavailable(ILogger logger);
    }
}
