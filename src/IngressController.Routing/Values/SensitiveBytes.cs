namespace IngressController.Routing.Values;

/// <summary>Bytes that must not be printed: a private key. They show as <c>[redacted]</c> wherever text is made.</summary>
public sealed class SensitiveBytes(byte[] bytes)
{
    public ReadOnlySpan<byte> Reveal() => bytes;

    public override string ToString() => "[redacted]";
}
