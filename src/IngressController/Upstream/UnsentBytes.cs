using System.Buffers;

namespace IngressController.Upstream;

/// <summary>
/// The bytes of a body that are not sent because the endpoint has answered. The HTTP client counts them, and its connection ignores them: they
/// have a number and no content.
/// </summary>
internal sealed class UnsentBytes : MemoryManager<byte>
{
    /// <summary>More than its write buffer takes, which would copy them.</summary>
    private const int MaxCopied = 64 * 1024;

    /// <summary>A petabyte takes half a second.</summary>
    private const long MaxLength = 1L << 50;

    private static readonly byte[] Copied = new byte[MaxCopied];

    private static readonly ReadOnlyMemory<byte> Counted = new UnsentBytes().CreateMemory(int.MaxValue);

    private UnsentBytes()
    {
    }

    /// <summary>Writes so many of them to a stream of the HTTP client that has nothing buffered.</summary>
    public static async ValueTask WriteAsync(Stream stream, long length)
    {
        if (length > MaxLength)
            throw new IOException("the endpoint responded before it read the body, which is too long to be ignored");
        while (length > 0)
        {
            var part = length <= MaxCopied ? Copied.AsMemory(0, (int)length) : Counted[..(int)Math.Min(length, int.MaxValue)];
            await stream.WriteAsync(part);
            length -= part.Length;
        }
    }

    public override Span<byte> GetSpan() => throw new NotSupportedException();

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
    }
}
