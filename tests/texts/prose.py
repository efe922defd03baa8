"""A few sentences in each of many languages, of the kind that issues hold."""

SENTENCES: dict[str, str] = {
    "English": (
        "The login page stays white when the session has expired. We should decide whether old links keep working. "
        "Nobody could tell me why the second request takes ten times as long. Please add a test before you change "
        "the parser. It happened again this morning, right after the deployment. The accessibility report lists "
        "thirteen warnings, most of them about contrast."
    ),
    "German": (
        "Die Anmeldeseite bleibt weiß, wenn die Sitzung abgelaufen ist. Wir sollten entscheiden, ob alte Verweise "
        "weiterhin funktionieren. Niemand konnte mir erklären, warum die zweite Anfrage zehnmal so lange dauert. Bitte "
        "ergänze einen Test, bevor du den Übersetzer veränderst. Die Benutzeroberfläche zeigt die falsche "
        "Geschwindigkeitsbegrenzung an."
    ),
    "French": (
        "La page de connexion reste blanche lorsque la session a expiré. Il faudrait décider si les anciens liens "
        "continuent de fonctionner. Personne n'a su m'expliquer pourquoi la deuxième requête prend dix fois plus de "
        "temps. Merci d'ajouter un test avant de modifier l'analyseur. L'utilisateur s'attend à ce que ses réglages "
        "soient conservés."
    ),
    "Spanish": (
        "La página de inicio queda en blanco cuando la sesión ha caducado. Deberíamos decidir si los enlaces antiguos "
        "siguen funcionando. Nadie supo decirme por qué la segunda petición tarda diez veces más. Por favor, añade una "
        "prueba antes de cambiar el analizador. El usuario espera que se guarden sus preferencias."
    ),
    "Italian": (
        "La pagina di accesso resta bianca quando la sessione è scaduta. Dovremmo decidere se i vecchi collegamenti "
        "continuano a funzionare. Nessuno ha saputo spiegarmi perché la seconda richiesta impiega dieci volte tanto. "
        "Per favore, aggiungi una prova prima di modificare l'analizzatore. L'utente si aspetta che le preferenze "
        "vengano salvate."
    ),
    "Portuguese": (
        "A página de entrada fica em branco quando a sessão expira. Devíamos decidir se as ligações antigas continuam "
        "a funcionar. Ninguém me soube dizer por que o segundo pedido demora dez vezes mais. Por favor, acrescente um "
        "teste antes de alterar o analisador."
    ),
    "Dutch": (
        "De aanmeldpagina blijft wit wanneer de sessie verlopen is. We moeten beslissen of oude koppelingen blijven "
        "werken. Niemand kon mij vertellen waarom het tweede verzoek tien keer zo lang duurt. Voeg alsjeblieft een "
        "test toe voordat je de ontleder wijzigt. De gebruiker verwacht dat zijn voorkeuren bewaard worden."
    ),
    "Swedish": (
        "Inloggningssidan förblir vit när sessionen har gått ut. Vi borde bestämma om gamla länkar ska fortsätta att "
        "fungera. Ingen kunde berätta varför den andra begäran tar tio gånger så lång tid. Lägg till ett test innan du "
        "ändrar tolken."
    ),
    "Polish": (
        "Strona logowania pozostaje pusta, gdy sesja wygasła. Powinniśmy zdecydować, czy stare odnośniki mają nadal "
        "działać. Nikt nie potrafił mi powiedzieć, dlaczego drugie żądanie trwa dziesięć razy dłużej. Proszę dodać "
        "test, zanim zmienisz analizator składni."
    ),
    "Finnish": (
        "Kirjautumissivu jää valkoiseksi, kun istunto on vanhentunut. Meidän pitäisi päättää, toimivatko vanhat linkit "
        "edelleen. Kukaan ei osannut kertoa, miksi toinen pyyntö kestää kymmenen kertaa kauemmin. Lisää testi ennen "
        "kuin muutat jäsennintä."
    ),
    "Hungarian": (
        "A bejelentkező oldal fehér marad, ha a munkamenet lejárt. El kellene döntenünk, hogy a régi hivatkozások "
        "továbbra is működjenek-e. Senki sem tudta megmondani, miért tart tízszer annyi ideig a második kérés."
    ),
    "Turkish": (
        "Oturumun süresi dolduğunda giriş sayfası beyaz kalıyor. Eski bağlantıların çalışmaya devam edip etmeyeceğine "
        "karar vermeliyiz. İkinci isteğin neden on kat daha uzun sürdüğünü kimse söyleyemedi. Ayrıştırıcıyı "
        "değiştirmeden önce lütfen bir test ekleyin."
    ),
    "Vietnamese": (
        "Trang đăng nhập vẫn trắng khi phiên làm việc đã hết hạn. Chúng ta nên quyết định xem các liên kết cũ có tiếp "
        "tục hoạt động hay không. Không ai nói được vì sao yêu cầu thứ hai lại lâu gấp mười lần."
    ),
    "Indonesian": (
        "Halaman masuk tetap putih ketika sesi telah berakhir. Kita perlu memutuskan apakah tautan lama tetap "
        "berfungsi. Tidak ada yang bisa menjelaskan mengapa permintaan kedua memakan waktu sepuluh kali lebih lama."
    ),
    "Russian": (
        "Страница входа остаётся белой, когда сеанс истёк. Нам нужно решить, будут ли старые ссылки работать дальше. "
        "Никто не смог объяснить, почему второй запрос выполняется в десять раз дольше. Пожалуйста, добавьте проверку, "
        "прежде чем менять разборщик."
    ),
    "Ukrainian": (
        "Сторінка входу залишається білою, коли сеанс завершився. Нам слід вирішити, чи старі посилання працюватимуть "
        "далі. Ніхто не зміг пояснити, чому другий запит триває вдесятеро довше. Будь ласка, додайте перевірку, перш "
        "ніж змінювати розбирач."
    ),
    "Greek": (
        "Η σελίδα σύνδεσης μένει λευκή όταν έχει λήξει η συνεδρία. Πρέπει να αποφασίσουμε αν οι παλιοί σύνδεσμοι θα "
        "συνεχίσουν να λειτουργούν. Κανείς δεν μπόρεσε να μου πει γιατί το δεύτερο αίτημα διαρκεί δέκα φορές "
        "περισσότερο."
    ),
    "Arabic": (
        "تبقى صفحة تسجيل الدخول بيضاء عندما تنتهي الجلسة. علينا أن نقرر ما إذا كانت الروابط القديمة ستستمر في العمل. "
        "لم يستطع أحد أن يخبرني لماذا يستغرق الطلب الثاني عشرة أضعاف الوقت."
    ),
    "Hebrew": (
        "דף הכניסה נשאר לבן כאשר תוקף ההתחברות פג. עלינו להחליט אם קישורים ישנים ימשיכו לעבוד. "
        "איש לא ידע לומר לי מדוע הבקשה השנייה נמשכת פי עשרה."
    ),
    "Hindi": (
        "सत्र समाप्त होने पर लॉगिन पृष्ठ सफेद रहता है। हमें तय करना चाहिए कि पुराने लिंक काम करते रहें या नहीं। "
        "कोई नहीं बता सका कि दूसरे अनुरोध में दस गुना समय क्यों लगता है।"
    ),
    "Thai": (
        "หน้าเข้าสู่ระบบยังคงเป็นสีขาวเมื่อเซสชันหมดอายุ เราควรตัดสินใจว่าลิงก์เก่าจะยังใช้งานได้หรือไม่ "
        "ไม่มีใครบอกได้ว่าทำไมคำขอที่สองจึงใช้เวลานานกว่าสิบเท่า"
    ),
    "Japanese": (
        "セッションの有効期限が切れると、ログイン画面が白いままになります。古いリンクを引き続き使えるようにするかどうかを決める必要があります。"
        "二番目のリクエストに十倍の時間がかかる理由を誰も説明できませんでした。構文解析器を変更する前にテストを追加してください。"
    ),
    "Chinese": (
        "会话过期后，登录页面一直是空白的。我们应该决定旧链接是否继续有效。没有人能告诉我为什么第二个请求要花十倍的时间。"
        "请在修改解析器之前先添加一个测试。用户希望他们的设置能够被保存下来。"
    ),
    "Korean": (
        "세션이 만료되면 로그인 페이지가 하얗게 남아 있습니다. 오래된 링크가 계속 작동해야 하는지 결정해야 합니다. "
        "두 번째 요청이 왜 열 배나 오래 걸리는지 아무도 설명하지 못했습니다. 구문 분석기를 바꾸기 전에 테스트를 "
        "추가해 주세요."
    ),
}
