using System.IO.Compression;

namespace IngressController.Kubernetes.Client;

/// <summary>Opens the bodies of responses whose compression the transport leaves alone.</summary>
internal static class ResponseBody
{
    /// <summary>Returns the body as a stream that decompresses gzip while it is read.</summary>
    public static async Task<Stream> OpenAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        return response.Content.Headers.ContentEncoding.Contains("gzip") ? new GZipStream(body, CompressionMode.Decompress) : body;
    }
}
