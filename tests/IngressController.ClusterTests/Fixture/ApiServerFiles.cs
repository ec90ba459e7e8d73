using System.Security.Cryptography;

namespace IngressController.ClusterTests.Fixture;

/// <summary>What an API server of the tests is started with, wherever it runs.</summary>
internal static class ApiServerFiles
{
    private const string Key = "sa.key";

    private const string Tokens = "tokens.csv";

    /// <summary>Writes the files that <see cref="Arguments"/> names.</summary>
    public static void Write(string folder)
    {
        using var key = RSA.Create(2048);
        File.WriteAllText(Path.Combine(folder, Key), key.ExportRSAPrivateKeyPem());
        File.WriteAllLines(Path.Combine(folder, Tokens), ServiceAccounts.TokenLines);
    }

    /// <param name="folder">Where the API server finds the files.</param>
    /// <param name="etcd">Where it finds etcd.</param>
    /// <param name="serviceRanges">Where Services get their addresses from.</param>
    public static IEnumerable<string> Arguments(string folder, string etcd, string serviceRanges) =>
    [
        $"--etcd-servers={etcd}", "--service-account-issuer=https://kubernetes.default.svc", "--api-audiences=api",
        $"--service-account-key-file={folder}/{Key}", $"--service-account-signing-key-file={folder}/{Key}",
        $"--service-cluster-ip-range={serviceRanges}", "--authorization-mode=RBAC", $"--token-auth-file={folder}/{Tokens}",
        "--disable-admission-plugins=ServiceAccount", "--allow-privileged", "--runtime-config=discovery.k8s.io/v1beta1=false",
    ];
}
