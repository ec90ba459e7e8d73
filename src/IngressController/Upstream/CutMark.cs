using System.Text;
using IngressController.Http2;

namespace IngressController.Upstream;

/// <summary>A response of HTTP/2 that was cut short.</summary>
internal sealed class UpstreamCutException(string message) : IOException(message);

/// <summary>The trailer field by which a connection tells that a response ends before its end.</summary>
internal static class CutMark
{
    private const string Name = "ingress-controller-cut";

    /// <summary>Writes the end of a response.</summary>
    public static void Write(ByteBuffer output, int stream, string reason)
    {
        var block = new ByteBuffer();
        HpackWriter.Write(block, Encoding.ASCII.GetBytes(Name), Encoding.ASCII.GetBytes(reason));
        new FrameHead(block.Length, FrameType.Headers, FrameHead.EndStreamFlag | FrameHead.EndHeadersFlag, stream).Write(output);
        output.Append(block.Span);
        block.Release();
    }

    /// <summary>True if a response that was read to its end was cut short. Over HTTP/1.1 reading has failed before.</summary>
    public static bool IsOn(HttpResponseMessage response) => response.Version.Major == 2 && response.TrailingHeaders.NonValidated.Contains(Name);

    /// <summary>Throws if a response that was read to its end was cut short.</summary>
    public static void Check(HttpResponseMessage response)
    {
        if (response.TrailingHeaders.NonValidated.TryGetValues(Name, out var reason))
            throw new UpstreamCutException($"the response is not complete: {reason}");
    }
}
