using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Compression;

/// <summary>The compression of responses.</summary>
/// <param name="Gzip">Null for no gzip.</param>
/// <param name="Brotli">Null for no br.</param>
public sealed record CompressionPolicy(CodingPolicy? Gzip, CodingPolicy? Brotli) : RoutePolicy;

/// <summary>One content coding.</summary>
/// <param name="Level">Its level: of gzip 1 to 9, of br 0 to 11.</param>
/// <param name="MinLength">Responses of fewer bytes are not compressed, if their length is known.</param>
/// <param name="Types">The media types that are compressed.</param>
public sealed record CodingPolicy(int Level, long MinLength, MediaTypeSet Types);

/// <summary>Media types, in lower case: <c>text/css</c>, <c>text/*</c>, or <c>*</c>.</summary>
public sealed record MediaTypeSet(EquatableArray<string> Types)
{
    /// <summary>True if a Content-Type is one of them. Event streams and gRPC must be named: each of their messages would be compressed by itself.</summary>
    public bool Contains(ReadOnlySpan<char> contentType)
    {
        var end = contentType.IndexOf(';');
        var type = (end < 0 ? contentType : contentType[..end]).Trim();
        if (type.IsEmpty)
            return false;
        var mustBeNamed = type.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase);
        foreach (var known in Types.AsSpan())
        {
            if (known == "*" || known.EndsWith("/*", StringComparison.Ordinal)
                ? !mustBeNamed && (known == "*" || type.StartsWith(known.AsSpan(0, known.Length - 1), StringComparison.OrdinalIgnoreCase))
                : type.Equals(known, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    public override string ToString() => string.Join(" ", Types);
}
