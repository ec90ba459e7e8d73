namespace IngressController.Http;

/// <summary>Generates request ids: 32 hexadecimal digits, as in other proxies.</summary>
internal static class RequestId
{
    public static string New() => string.Create(32, 0, static (chars, _) =>
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        Convert.TryToHexStringLower(bytes, chars, out var _);
    });
}
