namespace IngressController.Routing.Values;

/// <summary>Bytes of a secret, such as a private key. They print as <c>[redacted]</c>.</summary>
public sealed class SensitiveBytes(byte[] bytes)
{
    public ReadOnlySpan<byte> Reveal() => bytes;

    public override string ToString() => "[redacted]";
}
