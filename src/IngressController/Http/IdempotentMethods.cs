namespace IngressController.Http;

/// <summary>The methods that have the same effect when a request is sent twice (RFC 9110, 9.2.2).</summary>
internal static class IdempotentMethods
{
    public static bool Contains(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method)
        || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method) || HttpMethods.IsConnect(method);
}
