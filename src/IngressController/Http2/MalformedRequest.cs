using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Http2;

/// <summary>
/// The request that takes the place of a malformed one on its way through Kestrel, so that the pipeline can refuse it. Its mark is a secret
/// of the process: no client can send such a request.
/// </summary>
internal static class MalformedRequest
{
    private const int MethodIndex = 2;

    private const int PathIndex = 4;

    private const int HttpsIndex = 7;

    private const string OfHead = "/head";

    /// <summary>The method of such a request, and the name of the field in such trailers.</summary>
    private static readonly string Mark = $"malformed-{RandomNumberGenerator.GetHexString(32, lowercase: true)}";

    private static readonly byte[] MarkBytes = Encoding.ASCII.GetBytes(Mark);

    /// <summary>Writes a header block that Kestrel accepts.</summary>
    public static void WriteHead(ByteBuffer block, RequestProblem problem, bool isHead)
    {
        HpackWriter.Write(block, MethodIndex, MarkBytes);
        HpackWriter.WriteIndexed(block, HttpsIndex);
        HpackWriter.Write(block, PathIndex, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/{(int)problem}{(isHead ? OfHead : "")}")));
    }

    public static void WriteTrailers(ByteBuffer block, RequestProblem problem) =>
        HpackWriter.Write(block, MarkBytes, Encoding.ASCII.GetBytes(((int)problem).ToString(CultureInfo.InvariantCulture)));

    /// <summary>The problem of a request, whose method is restored; None if it is well formed.</summary>
    public static RequestProblem ProblemOf(HttpRequest request)
    {
        // Rarely a method of this length, so that mostly nothing is compared.
        if (request.Method.Length != Mark.Length || request.Method != Mark)
            return RequestProblem.None;
        var path = request.Path.Value.AsSpan(1);
        var isHead = path.EndsWith(OfHead, StringComparison.Ordinal);
        request.Method = isHead ? HttpMethods.Head : HttpMethods.Get;
        return (RequestProblem)int.Parse(isHead ? path[..^OfHead.Length] : path, CultureInfo.InvariantCulture);
    }

    /// <summary>The problem of the trailers of a body that has been read to its end; None if there are none or they are well formed.</summary>
    public static RequestProblem ProblemOf(IHttpRequestTrailersFeature trailers) =>
        trailers.Available && trailers.Trailers.TryGetValue(Mark, out var problem)
            ? (RequestProblem)int.Parse(problem.ToString(), CultureInfo.InvariantCulture)
            : RequestProblem.None;
}
