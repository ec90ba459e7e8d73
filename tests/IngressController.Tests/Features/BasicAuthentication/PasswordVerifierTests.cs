using System.Runtime.CompilerServices;
using System.Text;
using IngressController.Features.BasicAuthentication.PasswordHashes;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Tests.Features.BasicAuthentication;

public sealed class PasswordVerifierTests
{
    public static TheoryData<string, string, string> Hashes()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var line in File.ReadLines(Path.Combine(Folder(), "hashes.tsv")).Skip(1))
        {
            var fields = line.Split('\t');
            data.Add(fields[0], fields[1], fields[2]);
        }

        return data;
    }

    [Fact]
    public void There_are_hashes_of_every_scheme()
    {
        var schemes = Hashes().Select(row => Parse((string)row[2]!).Scheme).Append(PasswordScheme.Plain);
        Assert.Equal(Enum.GetValues<PasswordScheme>(), schemes.Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Hashes))]
    public void The_password_of_a_hash_is_accepted_and_another_rejected(string madeBy, string passwordHex, string text)
    {
        Assert.NotEmpty(madeBy);
        var password = Convert.FromHexString(passwordHex);
        var hash = Parse(text);

        // The package takes text: see the README.
        var isReadable = hash.Scheme != PasswordScheme.Bcrypt || Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(password)).SequenceEqual(password);
        Assert.Equal(isReadable, PasswordVerifier.Verify(hash, password));
        Assert.False(PasswordVerifier.Verify(hash, [(byte)'Q', .. password]));
        Assert.False(PasswordVerifier.Verify(hash, []));
        password[0] ^= 1;
        Assert.False(PasswordVerifier.Verify(hash, password));
    }

    [Theory]
    [InlineData("{PLAIN}secret", "secret", true)]
    [InlineData("{PLAIN}secret", "secre", false)]
    [InlineData("{PLAIN}secret", "Secret", false)]
    [InlineData("{PLAIN}secret", "", false)]
    [InlineData("{PLAIN}g\u00e9", "g\u00e9", true)]
    [InlineData("{PLAIN} secret ", " secret ", true)]
    public void A_plain_password_is_compared_literally(string text, string password, bool isRight) =>
        Assert.Equal(isRight, PasswordVerifier.Verify(Parse(text), Encoding.UTF8.GetBytes(password)));

    [Theory]
    // crypt(3) and openssl with an empty password.
    [InlineData("$2y$05$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m")]
    [InlineData("$1$abc$Or2rbeUYTvt12aiVzMuS/.")]
    [InlineData("$apr1$abc$BfqKdn9xFDWJPa3kcp/PH0")]
    [InlineData("$5$abc$bBHLwRRW2Li0XKaX13kz/g2fkDil4Jx46aNvd.48MS8")]
    [InlineData("$6$abc$mJP3a6FyA8uCnzRtlnNypPwjnvpi5TP9qOrInzrfDmwxUQG38PkpCPdqfTb8JQfAngapMxeim4AZ..hSdRRzD.")]
    [InlineData("abmF1QH4PEr.E")]
    public void An_empty_password_can_be_verified(string text)
    {
        Assert.True(PasswordVerifier.Verify(Parse(text), []));
        Assert.False(PasswordVerifier.Verify(Parse(text), "x"u8));
    }

    [Theory]
    [InlineData("$6$rounds=1000000$abc$MlASyOuTqQjWaDRc2bBmTN5LXYsd76v6.pAz06.fLyYl3bJsSo1DV9dzl9qYBFLyUqvy8lGVNVBxw7hkQVcO2.")]
    [InlineData("$2y$14$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m")]
    public void A_password_that_is_too_long_is_refused_before_any_hashing(string text)
    {
        var password = new byte[PasswordVerifier.MaxPasswordLength + 1];
        var before = Environment.CpuUsage.UserTime;
        for (var i = 0; i < 1000; i++)
            Assert.False(PasswordVerifier.Verify(Parse(text), password));
        // A thousand of the real kind would take minutes.
        Assert.True(Environment.CpuUsage.UserTime - before < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Garbage_never_verifies_and_never_throws()
    {
        const string characters = "$./aZ09{}SHAPLIN=156yb2:# ,round=\u00e9\u0000\t+";
        // Half of them with the length and the characters that make a hash of their beginning.
        (string Start, int Length)[] shapes =
        [
            ("", 13), ("$2y$04$", 53), ("$apr1$salt$", 22), ("$1$salt$", 22), ("$5$rounds=1000$salt$", 43), ("$6$rounds=1000$salt$", 86),
            ("{SHA}", 27), ("{SSHA}", 32),
        ];
        var random = new Random(7);
        var parsed = new HashSet<PasswordScheme>();
        for (var i = 0; i < 4000; i++)
        {
            var shape = shapes[random.Next(shapes.Length)];
            var alphabet = i % 2 == 0 ? characters : "019AZaz";
            var length = i % 2 == 0 ? random.Next(100) : shape.Length;
            var text = shape.Start + string.Concat(Enumerable.Range(0, length).Select(_ => alphabet[random.Next(alphabet.Length)]))
                + (i % 2 == 1 && shape.Start == "{SHA}" ? "=" : "");
            if (!PasswordHash.TryParse(text, out var hash, out _))
                continue;
            parsed.Add(hash.Scheme);
            Assert.False(PasswordVerifier.Verify(hash, "password"u8), text);
        }

        Assert.Equal(Enum.GetValues<PasswordScheme>().Where(scheme => scheme != PasswordScheme.Plain), parsed.Order());
    }

    [Theory]
    [MemberData(nameof(Hashes))]
    public void A_hash_with_one_changed_character_rejects_its_password(string madeBy, string passwordHex, string text)
    {
        Assert.NotEmpty(madeBy);
        var password = Convert.FromHexString(passwordHex);
        var random = new Random(text.Length);
        var at = random.Next(text.LastIndexOf('$') + 1, text.Length - 1);
        var changed = string.Concat(text.AsSpan(0, at), text[at] == 'k' ? "l" : "k", text.AsSpan(at + 1));
        if (PasswordHash.TryParse(changed, out var hash, out _) && hash.Rounds <= 5000)
            Assert.False(PasswordVerifier.Verify(hash, password), changed);
    }

    internal static PasswordHash Parse(string text) =>
        PasswordHash.TryParse(text, out var hash, out var problem) ? hash : throw new ArgumentException(problem);

    private static string Folder([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
