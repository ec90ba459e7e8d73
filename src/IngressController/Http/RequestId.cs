namespace IngressController.Http;

/// <summary>Request ids: 32 hexadecimal digits, as other proxies generate them.</summary>
internal static class RequestId
{
    public static string New() => string.Create(32, 0, static (chars, _) =>
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        Convert.TryToHexStringLower(bytes, chars, out var _);
    });
}
